"""Open a request and read its bytes, synchronously or asynchronously. The only file that imports httpx, late.

Keeps connections between turns, honours proxies and the system's trusted certificates, turns httpx's exceptions into
ours. Knows nothing of what the bytes mean (`wire`, `faults`) or whether to try again (`retry`).

A key is in the headers that pass through here: every error is raised from a frame that no longer holds them, and
carries no other exception that would.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from qwen_magics.errors import NetworkDown, QwenError, SettingsError, TimedOut
from qwen_magics.provider.endpoints import is_loopback

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    import httpx

    _Way = tuple[object, ...]

CONNECT_S = 10.0
END_S, END_CHUNKS = 0.05, 16  # how long, and for how much, the end of an answer that is over is waited for
KEPT_S = 30.0  # an idle connection is kept this long: longer ones may be dead behind a router without anyone knowing


class Answer(NamedTuple):
    """A whole answer: HTTP status, headers (case-insensitive), body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Exchange:
    """A request that was answered: `status` and `headers` are known, the body comes by `chunks`. Close it.

    A server that hangs up early just ends the chunks, with `broken` set: whether the answer was whole by then is
    known only to who reads it (`wire.Decoder`).
    """

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.broken = False

    def chunks(self) -> Iterator[bytes]:
        """The body as it arrives. Raises TimedOut after too long a silence; an interrupt hangs up at once."""
        failure: BaseException | None = None
        try:
            yield from self._response.stream  # type: ignore[misc]  # as `iter_raw`, which takes as long again
        except KeyboardInterrupt:
            failure = KeyboardInterrupt()
        except Exception as problem:
            self.broken = True
            failure = _in_reading(problem, self._response)
        self.close()
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Hang up: what has not arrived yet is not waited for. Harmless when asked again."""
        self._response.close()

    def finish(self) -> None:
        """Close after an answer that is over; where the body ends at once as well, its connection is kept."""
        if not self._response.is_closed:
            with suppress(Exception):
                for _ in islice(_end(self._response), END_CHUNKS):
                    pass
            self.close()

    def __enter__(self) -> Exchange:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Client:
    """Opens requests synchronously and keeps the connections for the next ones. One for a process is enough."""

    def __init__(self) -> None:
        self._pools: dict[_Way, httpx.Client] = {}

    def open(self, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> Exchange:
        """POST `body` (GET without one). `timeout`: seconds of silence to bear.

        Raises NetworkDown, TimedOut, SettingsError (proxy, certificate); an HTTP error is an Exchange like any other.
        """
        outcome = self._send(url, headers, body, timeout)
        del headers
        if isinstance(outcome, BaseException):
            raise outcome
        return Exchange(outcome)

    def get_json(self, url: str, headers: Mapping[str, str], timeout: float = 20.0) -> Answer:
        """GET a small document whole, such as `/models`. Raises as `open` and `Exchange.chunks`."""
        outcome = self._send(url, headers, None, timeout)
        del headers  # before anything is raised
        if isinstance(outcome, BaseException):
            raise outcome
        with Exchange(outcome) as exchange:
            return _whole(exchange, b"".join(exchange.chunks()))

    def close(self) -> None:
        """Close the kept connections; the client can still be used."""
        while self._pools:
            self._pools.popitem()[1].close()

    def _send(
        self, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float
    ) -> httpx.Response | BaseException:
        try:
            import httpx

            way = _way(url)
            if way not in self._pools:
                self._pools[way] = httpx.Client(**_settings(way))
            pool = self._pools[way]
            return pool.send(pool.build_request(**_request(url, headers, body, timeout)), stream=True)
        except KeyboardInterrupt:
            return KeyboardInterrupt()
        except Exception as problem:
            return _in_opening(problem, url)


class AsyncExchange:
    """As Exchange, for an event loop. Cancelling a read hangs up."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.broken = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """As Exchange.chunks."""
        failure: QwenError | None = None
        try:
            async for chunk in self._response.stream:  # type: ignore[union-attr]
                yield chunk
        except asyncio.CancelledError:
            await self.close()
            raise
        except Exception as problem:
            self.broken = True
            failure = _in_reading(problem, self._response)
        await self.close()
        if failure is not None:
            raise failure

    async def close(self) -> None:
        """As Exchange.close."""
        await self._response.aclose()

    async def finish(self) -> None:
        """As Exchange.finish."""
        if not self._response.is_closed:
            try:
                with suppress(Exception):
                    rest = aiter(_end(self._response))
                    for _ in range(END_CHUNKS):
                        await anext(rest)
            finally:
                await self.close()

    async def __aenter__(self) -> AsyncExchange:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class AsyncClient:
    """As Client, for one event loop."""

    def __init__(self) -> None:
        self._pools: dict[_Way, httpx.AsyncClient] = {}

    async def open(self, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> AsyncExchange:
        """As Client.open."""
        outcome = await self._send(url, headers, body, timeout)
        del headers
        if isinstance(outcome, BaseException):
            raise outcome
        return AsyncExchange(outcome)

    async def get_json(self, url: str, headers: Mapping[str, str], timeout: float = 20.0) -> Answer:
        """As Client.get_json."""
        outcome = await self._send(url, headers, None, timeout)
        del headers  # before anything is raised
        if isinstance(outcome, BaseException):
            raise outcome
        async with AsyncExchange(outcome) as exchange:
            return _whole(exchange, b"".join([chunk async for chunk in exchange.chunks()]))

    async def close(self) -> None:
        """As Client.close."""
        while self._pools:
            await self._pools.popitem()[1].aclose()

    async def _send(
        self, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float
    ) -> httpx.Response | BaseException:
        try:
            import httpx

            way = _way(url)
            if way not in self._pools:
                self._pools[way] = httpx.AsyncClient(**_settings(way))
            pool = self._pools[way]
            return await pool.send(pool.build_request(**_request(url, headers, body, timeout)), stream=True)
        except Exception as problem:
            return _in_opening(problem, url)


# --- ways out ---------------------------------------------------------------------------------------------------------


def _way(url: str) -> _Way:
    """What connections are kept by: a forked child, `%env HTTPS_PROXY=…` or other certificates need new ones."""
    parts = urlsplit(url)
    if is_loopback(parts.hostname or ""):
        return (os.getpid(), "loopback", parts.scheme)
    from urllib.request import getproxies

    certificates = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    return (os.getpid(), "network", *sorted(getproxies().items()), *certificates)


def _settings(way: _Way) -> dict[str, Any]:
    """How httpx goes that way. This machine is never reached through a proxy; a key follows no redirect."""
    import httpx

    return {
        "trust_env": "network" in way,
        "verify": "http" not in way and trust(),  # plain loopback has no certificate, and reading them takes a while
        "limits": httpx.Limits(keepalive_expiry=KEPT_S),
        "follow_redirects": False,
    }


def trust() -> ssl.SSLContext:
    """The certificates that this system trusts, and those that SSL_CERT_FILE names."""
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    named = os.environ.get("SSL_CERT_FILE")
    if named:
        context.load_verify_locations(cafile=named)
    return context


def _request(url: str, headers: Mapping[str, str], body: bytes | None, silence: float) -> dict[str, Any]:
    import httpx

    return {
        "method": "GET" if body is None else "POST",
        "url": url,
        "content": body,
        "headers": dict(headers),
        "timeout": httpx.Timeout(silence, connect=CONNECT_S, pool=CONNECT_S),
    }


def _whole(exchange: Exchange | AsyncExchange, body: bytes) -> Answer:
    if exchange.broken:
        raise NetworkDown("The provider hung up in the middle of its answer.", remedy=_CHECK)
    return Answer(exchange.status, exchange.headers, body)


def _end(response: httpx.Response) -> Any:
    """What is left of a body, as far as it comes at once: each walk over a stream looks up its time-out anew."""
    response.request.extensions["timeout"] = {"read": END_S}
    return response.stream


# --- what httpx raises, in our words ----------------------------------------------------------------------------------


def _in_opening(problem: Exception, url: str) -> QwenError:
    import httpx

    host = urlsplit(url).netloc
    if isinstance(problem, httpx.ConnectTimeout | httpx.PoolTimeout):
        return TimedOut(f"No connection to {host} within {CONNECT_S:.0f} s.", remedy=_CHECK, reached=False)
    if isinstance(problem, httpx.TimeoutException):
        return TimedOut(f"{host} took the request but did not answer in time.")
    if isinstance(problem, httpx.ProxyError):
        return NetworkDown(
            f"The proxy let no connection to {host} through.", remedy="%env HTTPS_PROXY shows it.", reached=False
        )
    if isinstance(problem, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return NetworkDown(f"{host} hung up without an answer.")
    if "CERTIFICATE_VERIFY_FAILED" in str(problem) or isinstance(problem, ssl.SSLError):
        return SettingsError(
            f"The certificate of {host} is not one that this machine trusts.",
            remedy="%env SSL_CERT_FILE=/path/to/your-company-ca.pem  (then ask again)",
        )
    if isinstance(problem, httpx.TransportError):
        return NetworkDown(f"No connection to {host}.", remedy=_CHECK, reached=False)
    if isinstance(problem, FileNotFoundError):
        return SettingsError("SSL_CERT_FILE names a file that doesn't exist.", remedy="%env SSL_CERT_FILE")
    # ImportError: httpx needs socksio for a SOCKS proxy; ValueError, InvalidURL: a proxy variable that is no address.
    return SettingsError(
        f"No way to {host}: a proxy variable can't be used ({type(problem).__name__}).",
        remedy="Check HTTPS_PROXY and ALL_PROXY; SOCKS needs `%pip install httpx[socks]`.",
    )


def _in_reading(problem: Exception, response: httpx.Response) -> TimedOut | None:
    """None where the server hung up: its reader decides what that means."""
    import httpx

    if isinstance(problem, httpx.TimeoutException):
        return TimedOut(f"{response.request.url.host} fell silent in the middle of its answer.")
    return None


_CHECK = "Check the network and, behind a proxy, HTTPS_PROXY; `jupyter qwen doctor` tells more."
