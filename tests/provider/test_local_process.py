"""One real llama.cpp server per user: shared, guarded by a key, restarted, and gone when nobody needs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest

from qwen_magics.credentials import VARIABLES
from qwen_magics.errors import LocalModelError
from qwen_magics.provider import local
from qwen_magics.provider.local import serve
from qwen_magics.provider.local.state import Place
from qwen_magics.values import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SAMPLE = [{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": "你是谁？"}]


@pytest.fixture
def model(local_home: Path) -> local.Running:
    """The server that these tests share."""
    return local.ensure(data_dir=local_home)


@pytest.fixture
def home(local_home_alone: Path) -> Iterator[Path]:
    """A data folder of the test's own, whose server must be gone when it ends."""
    yield local_home_alone
    local.stop(local_home_alone)
    assert servers_of(local_home_alone) == []


def servers_of(home: Path) -> list[int]:
    """The server processes of a data folder, whether or not anything knows of them."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        command = process.info["cmdline"] or []
        if str(home) in command and serve.__name__ in command and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


def client(model: local.Running) -> httpx.Client:
    headers = {"Authorization": f"Bearer {model.key}"}
    return httpx.Client(base_url=model.base_url, headers=headers, trust_env=False, timeout=120)


def ask(model: local.Running, messages: list[dict[str, str]], **body: Any) -> dict[str, Any]:
    answer = client(model).post("/chat/completions", json={"messages": messages, "max_tokens": 4, **body})
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told


def eventually(happens: Callable[[], object], seconds: float = 30) -> bool:
    """Whether it comes to pass: waits no longer than it must."""
    deadline = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


# --- answers --------------------------------------------------------------------------------------------------------


def test_counts_the_documented_sample_as_22_tokens_and_serves_it_from_its_cache_the_second_time(
    model: local.Running,
) -> None:
    first, second = ask(model, SAMPLE), ask(model, SAMPLE)
    assert first["usage"]["prompt_tokens"] == second["usage"]["prompt_tokens"] == 22
    assert first["usage"]["completion_tokens"] == 4
    assert second["usage"]["prompt_tokens_details"]["cached_tokens"] == 21  # the last token is always read anew


def test_answers_under_the_name_that_receipts_show(model: local.Running) -> None:
    assert ask(model, SAMPLE)["model"] == model.model_name == "Qwen2.5-Coder-0.5B"


def test_tells_how_far_it_has_read_several_times(model: local.Running) -> None:
    text = " ".join(f"{n * n}" for n in range(75))
    body = {"messages": [{"role": "user", "content": text}], "max_tokens": 1, "stream": True, "return_progress": True}
    with client(model).stream("POST", "/chat/completions", json=body) as answer:
        chunks = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: {")]
    told = [p["processed"] / p["total"] for p in (c.get("prompt_progress") for c in chunks) if p]
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) >= 3


def test_says_waiting_while_another_request_is_worked_on(model: local.Running, local_home: Path) -> None:
    seen: list[Progress] = []
    body = {"messages": SAMPLE, "max_tokens": 2000, "stream": True, "ignore_eos": True}
    with client(model).stream("POST", "/chat/completions", json=body) as answer:
        lines = answer.iter_lines()
        next(lines)
        assert local.busy(model)
        assert local.ensure(data_dir=local_home, on_progress=seen.append) == model
        assert local.status(local_home)["busy"]
    assert seen == [Progress("waiting")]
    assert eventually(lambda: not local.busy(model)), "hanging up ends the request"


# --- guarded --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_without_its_key_it_answers_401(model: local.Running, headers: dict[str, str]) -> None:
    with httpx.Client(base_url=model.base_url, headers=headers, trust_env=False) as stranger:
        assert stranger.get("/models").status_code == 401
        assert stranger.post("/chat/completions", json={"messages": SAMPLE}).status_code == 401


def test_a_web_page_of_another_origin_may_not_read_it(model: local.Running) -> None:
    answer = client(model).get("/models", headers={"Origin": "https://example.com"})
    assert answer.headers.get("Access-Control-Allow-Origin", "") == ""


def test_its_key_is_in_its_own_file_only(model: local.Running, local_home: Path) -> None:
    ask(model, SAMPLE)
    place = Place(local_home)
    assert place.state.stat().st_mode & 0o777 == place.log.stat().st_mode & 0o777 == 0o600
    assert place.folder.stat().st_mode & 0o777 == 0o700
    process = psutil.Process(model.pid)
    said = [repr(model), str(local.status(local_home)), *process.cmdline(), *process.environ().values()]
    said += [file.read_text() for file in place.folder.iterdir() if file != place.state]
    assert len(model.key) > 40
    assert not [text for text in said if model.key in text]


def test_listens_on_the_loopback_only(model: local.Running) -> None:
    listening = [c.laddr.ip for c in psutil.Process(model.pid).net_connections("tcp") if c.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]


# --- one for all, and no longer than needed -------------------------------------------------------------------------

ENSURE = (
    "import sys; from pathlib import Path; from qwen_magics.provider import local;"
    "print(local.ensure(data_dir=Path(sys.argv[1])).pid, flush=True); sys.stdin.read()"
)


def start_in_a_kernel(home: Path) -> subprocess.Popen[str]:
    """Another process, in a group of its own as kernels are, that asks for the model and lives on."""
    command = [sys.executable, "-c", ENSURE, str(home)]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_two_processes_at_once_get_one_server_that_outlives_their_interrupt(home: Path) -> None:
    kernels = [start_in_a_kernel(home) for _ in range(2)]
    pids = {int(kernel.stdout.readline()) for kernel in kernels if kernel.stdout}
    assert len(pids) == 1
    for kernel in kernels:
        os.killpg(kernel.pid, signal.SIGINT)
        kernel.communicate(timeout=30)
        assert kernel.returncode != 0, "the interrupt was the kernel's"
    again = local.ensure(data_dir=home)
    assert {again.pid} == pids == set(servers_of(home))
    assert ask(again, SAMPLE)["usage"]["prompt_tokens"] == 22


def test_a_killed_server_is_restarted_and_another_file_replaces_it(home: Path, local_weights: Path) -> None:
    first = local.ensure(data_dir=home)
    os.kill(first.pid, signal.SIGKILL)
    assert eventually(lambda: not local.status(home)["running"])
    second = local.ensure(data_dir=home)
    assert second.pid != first.pid
    assert second.key != first.key
    other = home / "my-own.gguf"
    other.symlink_to(local_weights)
    third = local.ensure(other, data_dir=home)
    assert third.model_name == "my-own"
    assert servers_of(home) == [third.pid]
    assert ask(third, SAMPLE)["usage"]["prompt_tokens"] == 22


def test_leaves_when_idle_but_not_while_it_works(home: Path) -> None:
    model = local.ensure(data_dir=home, idle=0.2)
    began = time.monotonic()
    told = ask(model, SAMPLE, max_tokens=40, ignore_eos=True)
    assert time.monotonic() - began > 0.2, "the request must last longer than the idle time to show anything"
    assert told["usage"]["completion_tokens"] == 40
    assert eventually(lambda: servers_of(home) == [])
    assert not Place(home).state.exists()


def test_does_not_know_the_users_keys(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES.values():
        monkeypatch.setenv(name, "planted")
    known = psutil.Process(local.ensure(data_dir=home).pid).environ()
    assert "planted" not in known.values()


def test_leaves_when_its_state_file_is_gone(home: Path) -> None:
    local.ensure(data_dir=home, idle=4)
    Place(home).state.unlink()
    assert eventually(lambda: servers_of(home) == [])


def test_stop_ends_it_at_once_and_twice_is_no_error(home: Path) -> None:
    local.ensure(data_dir=home)
    assert local.stop(home)
    assert servers_of(home) == []
    assert not local.stop(home)
    assert not local.status(home)["running"]


def test_a_start_that_is_interrupted_leaves_nothing(home: Path) -> None:
    def interrupt(progress: Progress) -> None:
        assert progress == Progress("starting")
        if servers_of(home):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        local.ensure(data_dir=home, on_progress=interrupt)
    assert servers_of(home) == []


# --- what can go wrong ----------------------------------------------------------------------------------------------


def test_a_file_that_llama_cpp_refuses_is_an_error_that_names_the_log(home: Path) -> None:
    broken = home / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(1000))
    with pytest.raises(LocalModelError, match=r"broken\.gguf") as caught:
        local.ensure(broken, data_dir=home)
    assert str(Place(home).log) in caught.value.remedy


def test_without_the_engine_the_error_says_what_to_install(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(LocalModelError) as caught:
        local.ensure(data_dir=home)
    assert caught.value.remedy == 'pip install "qwen-magics[local]"'


def test_uses_no_more_processors_than_it_may() -> None:
    assert 1 <= serve.threads() <= (os.cpu_count() or 1)
