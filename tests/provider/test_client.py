"""Over real HTTP: connections, proxies, silence, interrupts, and that no error carries a key."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from fakes.provider import Answer, FakeProvider, refuse
from fakes.proxy import FakeProxy

from qwen_magics.errors import NetworkDown, QwenError, SettingsError, TimedOut
from qwen_magics.provider.client import AsyncClient, Client
from qwen_magics.provider.endpoints import resolve
from qwen_magics.provider.wire import Decoder
from qwen_magics.values import Fault, Finish, Reported, StreamEvent, Text, Thinking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODY = json.dumps(
    {
        "model": "qwen3-max",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": "Hello?"}],
    }
).encode()
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.close()


@pytest.fixture
def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def interrupt_in(seconds: float) -> None:
    """As a front end's stop button: SIGINT to the thread that runs cells."""
    threading.Timer(seconds, signal.pthread_kill, [threading.main_thread().ident, signal.SIGINT]).start()


def ask(client: Client, url: str, *, key: str = "", timeout: float = 20) -> tuple[Decoder, list[StreamEvent]]:
    endpoint, decoder = resolve("alibaba", base_url=url), Decoder()
    with client.open(endpoint.chat_url, endpoint.headers(key), BODY, timeout) as exchange:
        events = [event for chunk in exchange.chunks() for event in decoder.feed(chunk)]
    return decoder, events + decoder.finish()


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dialect", ["alibaba", "openrouter", "modelscope", "huggingface", "vllm", "llama.cpp", "openai"]
)
def test_an_answer_comes_through_from_every_provider(client: Client, dialect: str) -> None:
    with FakeProvider(dialect) as provider:
        provider.enqueue(Answer(thinking=("so", " so"), text=("Hi", " 你")))
        decoder, events = ask(client, provider.base_url, key="a-key")
    assert decoder.complete
    assert "".join(event.text for event in events if isinstance(event, Thinking)) == "so so"
    assert "".join(event.text for event in events if isinstance(event, Text)) == "Hi 你"
    assert [type(event) for event in events[-2:]] == [Finish, Reported]
    (question,) = provider.questions
    assert question.headers["authorization"] == "Bearer a-key"
    assert question.headers["accept-encoding"] == "identity"
    assert question.body == json.loads(BODY)


def test_without_a_key_no_header_is_sent(client: Client, provider: FakeProvider) -> None:
    ask(client, provider.base_url)
    assert "authorization" not in provider.requests[0].headers


def test_an_error_is_an_exchange_with_its_status_and_body(client: Client, provider: FakeProvider) -> None:
    provider.enqueue(refuse(429, "limit_requests", "slow down", headers={"Retry-After": "3"}))
    endpoint = resolve("alibaba", base_url=provider.base_url)
    with client.open(endpoint.chat_url, endpoint.headers(), BODY, 20) as exchange:
        assert (exchange.status, exchange.headers["retry-after"]) == (429, "3")
        assert b"slow down" in b"".join(exchange.chunks())


def test_a_connection_serves_several_turns(client: Client, provider: FakeProvider) -> None:
    ports = set()
    provider.always = lambda seen: (ports.add(seen.peer), Answer())[1]
    for _ in range(3):
        ask(client, provider.base_url)
    assert len(ports) == 1


def test_a_key_is_checked_by_a_small_get(client: Client) -> None:
    key = secrets.token_hex(8)
    with FakeProvider(keys=(key,)) as provider:
        endpoint = resolve("alibaba", base_url=provider.base_url)
        answer = client.get_json(endpoint.check_url, endpoint.headers(key))
        assert answer.status == 200
        assert json.loads(answer.body)["data"][0]["id"] == "qwen3-max"
        assert client.get_json(endpoint.check_url, endpoint.headers("wrong")).status == 401


def test_a_redirect_is_not_followed(client: Client, provider: FakeProvider) -> None:
    with FakeProvider() as elsewhere:
        provider.enqueue(refuse(307, "", "", headers={"Location": f"{elsewhere.base_url}/chat/completions"}))
        endpoint = resolve("alibaba", base_url=provider.base_url)
        with client.open(endpoint.chat_url, endpoint.headers("a-key"), BODY, 20) as exchange:
            assert exchange.status == 307
        assert elsewhere.requests == []


# --- what breaks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut_after", [0, 40, 700])
def test_a_server_that_hangs_up_early_ends_the_bytes_and_the_decoder_tells(
    client: Client, provider: FakeProvider, cut_after: int
) -> None:
    provider.enqueue(Answer(text=("abc", "def", "ghi"), cut_after=cut_after))
    decoder, events = ask(client, provider.base_url)
    assert not decoder.complete
    assert isinstance(events[-1], Fault)


def test_a_server_that_hangs_up_before_answering_is_a_network_fault(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        with pytest.raises(NetworkDown, match="hung up"):
            ask(client, f"http://127.0.0.1:{server.getsockname()[1]}/v1")


def test_silence_before_and_within_an_answer_is_a_time_out(client: Client, provider: FakeProvider) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(TimedOut):
        ask(client, f"http://127.0.0.1:{server.getsockname()[1]}/v1", timeout=0.1)
    provider.enqueue(Answer(hang_after=1))
    with pytest.raises(TimedOut, match="silent"):
        ask(client, provider.base_url, timeout=0.1)
    assert provider.hung_up.wait(5)


def test_nobody_there_and_no_such_host_are_network_faults(client: Client, closed_port: int) -> None:
    for host in (f"127.0.0.1:{closed_port}", "no-such-host.invalid"):
        with pytest.raises(NetworkDown, match=host):
            client.open(f"https://{host}/v1/chat/completions", {}, BODY, 5)


def test_an_interrupt_in_the_middle_of_a_read_hangs_up_at_once(client: Client, provider: FakeProvider) -> None:
    provider.enqueue(Answer(hang_after=1))
    endpoint = resolve("alibaba", base_url=provider.base_url)
    exchange = client.open(endpoint.chat_url, endpoint.headers(), BODY, 60)
    chunks = exchange.chunks()
    while b"Hello" not in next(chunks):
        pass
    interrupt_in(0.05)
    with pytest.raises(KeyboardInterrupt):
        next(chunks)
    assert provider.hung_up.wait(5)


# --- no key in any error ---------------------------------------------------------------------------------------------


def frames_and_causes(problem: BaseException) -> str:
    """What a verbose traceback could show: every frame's locals, of the error and of all that hang on it."""
    shown, todo, seen = [], [problem], set()
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        shown.append(f"{one!r} {one.__dict__!r}")
        trace = one.__traceback__
        while trace is not None:
            if (
                "qwen_magics" in trace.tb_frame.f_code.co_filename
                or "site-packages" in trace.tb_frame.f_code.co_filename
            ):
                shown.append(repr(trace.tb_frame.f_locals))
            trace = trace.tb_next
        todo += [linked for linked in (one.__cause__, one.__context__) if linked is not None]
    return " ".join(shown)


def failures(client: Client, provider: FakeProvider, port: int, headers: dict[str, str]) -> Iterator[BaseException]:
    def failed(url: str, timeout: float) -> BaseException:
        with (
            pytest.raises((QwenError, KeyboardInterrupt)) as caught,
            client.open(url, headers, BODY, timeout) as exchange,
        ):
            list(exchange.chunks())
        return caught.value

    yield failed(f"http://127.0.0.1:{port}/v1", 1)
    yield failed(f"https://127.0.0.1:{provider.base_url.split(':')[2]}", 1)
    provider.enqueue(Answer(delay=9), Answer(hang_after=1), Answer(hang_after=0))
    yield failed(f"{provider.base_url}/chat/completions", 0.05)
    yield failed(f"{provider.base_url}/chat/completions", 0.05)
    interrupt_in(0.05)
    yield failed(f"{provider.base_url}/chat/completions", 9)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        interrupt_in(0.05)
        yield failed(f"http://127.0.0.1:{silent.getsockname()[1]}/v1", 9)


def test_no_error_carries_the_key_in_its_words_causes_or_frames(
    client: Client, provider: FakeProvider, closed_port: int
) -> None:
    key = secrets.token_hex(16)
    headers = resolve("alibaba").headers(key)
    kinds = []
    for problem in failures(client, provider, closed_port, headers):
        assert key not in frames_and_causes(problem)
        kinds.append(type(problem))
    assert kinds == [NetworkDown, NetworkDown, TimedOut, TimedOut, KeyboardInterrupt, KeyboardInterrupt]


# --- ways out --------------------------------------------------------------------------------------------------------


def test_this_machine_is_never_reached_through_a_proxy(
    client: Client, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeProxy() as proxy:
        for name in PROXIES:
            if "no" not in name.lower():
                monkeypatch.setenv(name, proxy.url)
        decoder, _ = ask(client, provider.base_url, key="a-key")
        assert decoder.complete
        assert proxy.asked == []


def test_a_remote_host_is_reached_through_the_proxy_that_is_set_even_in_mid_session(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NetworkDown):
        client.open("http://model.invalid/v1/chat/completions", {}, BODY, 5)
    with FakeProxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert client.open("http://model.invalid/v1/chat/completions", {}, BODY, 5).status == 200
        with pytest.raises(NetworkDown, match="proxy"):
            client.open("https://model.invalid/v1/chat/completions", {}, BODY, 5)
        assert proxy.asked == ["http://model.invalid/v1/chat/completions", "model.invalid:443"]
        monkeypatch.setenv("NO_PROXY", "model.invalid")
        with pytest.raises(NetworkDown):
            client.open("http://model.invalid/v1/chat/completions", {}, BODY, 5)
        assert len(proxy.asked) == 2


def test_a_proxy_variable_that_cannot_be_used_is_named_and_its_password_is_not(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = secrets.token_hex(8)
    monkeypatch.setenv("HTTPS_PROXY", f"nonsense://me:{secret}@proxy.invalid:99")
    with pytest.raises(SettingsError, match="proxy") as caught:
        client.open("https://model.invalid/v1", {}, BODY, 5)
    assert secret not in str(caught.value)


def test_a_certificate_of_nobody_is_refused_and_one_in_ssl_cert_file_is_trusted(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
               "-out", str(certificate), "-keyout", str(key)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    with FakeProvider(tls=(certificate, key)) as provider:
        url = provider.base_url.replace("127.0.0.1", "localhost")
        with pytest.raises(SettingsError, match="certificate"):
            ask(client, url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert ask(client, url)[0].complete
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
        with pytest.raises(SettingsError, match="SSL_CERT_FILE"):
            ask(Client(), url)


def test_httpx_is_not_imported_before_the_first_request() -> None:
    code = "import sys; import qwen_magics.provider.client, qwen_magics.provider.faults; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


# --- in an event loop ------------------------------------------------------------------------------------------------


async def ask_async(client: AsyncClient, url: str, timeout: float = 20) -> tuple[Decoder, list[StreamEvent]]:
    endpoint, decoder = resolve("alibaba", base_url=url), Decoder()
    async with await client.open(endpoint.chat_url, endpoint.headers("a-key"), BODY, timeout) as exchange:
        events = [event async for chunk in exchange.chunks() for event in decoder.feed(chunk)]
    return decoder, events + decoder.finish()


def run_async(work: Any) -> Any:
    async def inner() -> Any:
        client = AsyncClient()
        try:
            return await work(client)
        finally:
            await client.close()

    return asyncio.run(inner())


def test_many_answers_at_once_in_an_event_loop(provider: FakeProvider) -> None:
    async def work(client: AsyncClient) -> list[tuple[Decoder, list[StreamEvent]]]:
        return await asyncio.gather(*(ask_async(client, provider.base_url) for _ in range(8)))

    results = run_async(work)
    assert all(decoder.complete for decoder, _ in results)
    assert len(provider.questions) == 8


def test_cancelling_a_task_hangs_up_at_once(provider: FakeProvider) -> None:
    provider.enqueue(Answer(hang_after=1))

    async def work(client: AsyncClient) -> None:
        task = asyncio.create_task(ask_async(client, provider.base_url))
        while not provider.questions:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(provider.hung_up.wait, 5)

    run_async(work)


def test_the_same_errors_in_an_event_loop(provider: FakeProvider, closed_port: int) -> None:
    async def work(client: AsyncClient) -> None:
        with pytest.raises(NetworkDown):
            await ask_async(client, f"http://127.0.0.1:{closed_port}/v1")
        provider.enqueue(Answer(hang_after=1), Answer(cut_after=40))
        with pytest.raises(TimedOut):
            await ask_async(client, provider.base_url, timeout=0.1)
        decoder, _ = await ask_async(client, provider.base_url)
        assert not decoder.complete
        endpoint = resolve("alibaba", base_url=provider.base_url)
        assert (await client.get_json(endpoint.check_url, endpoint.headers())).status == 200

    run_async(work)
