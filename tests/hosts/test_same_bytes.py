"""Whatever runs the notebook, and however often: the same bytes leave for the provider (contract "Which notebook")."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import nbformat
import notebooks
import pytest
from desk import environment
from everywhere import BARE, WHOLE
from fakes.provider import FakeProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def both_runs(host: Callable[..., None], notebook: Any, home: Path) -> list[list[bytes]]:
    """The requests of a first run, and of a second in a new kernel on what the first one saved."""
    home.mkdir()
    path, bodies = home / "notebook.ipynb", []
    nbformat.write(notebook, path)
    for _ in ("first", "second"):
        with FakeProvider() as provider:
            provider.always = notebooks.reply
            host(nbformat.read(path, 4), path, environment(home, provider) | {"QWEN_MAGICS_REPLAY": "off"})
            bodies.append([seen.raw for seen in provider.questions])
    return bodies


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Future[list[list[bytes]]]]]:
    """Every host's two runs of the whole notebook, or of the one that a host without the file can know too."""
    home = tmp_path_factory.mktemp("hosts")
    table = [("whole", host) for host in WHOLE] + [("bare", host) for host in BARE]
    with ThreadPoolExecutor(4) as pool:
        yield {
            (kind, host.__name__): pool.submit(
                both_runs, host, getattr(notebooks, kind)(), home / f"{kind}-{host.__name__}"
            )
            for kind, host in table
        }


@pytest.mark.parametrize("run", [0, 1], ids=["first run", "second run"])
@pytest.mark.parametrize(
    ("kind", "host"), [("whole", host.__name__) for host in WHOLE] + [("bare", host.__name__) for host in BARE]
)
def test_every_host_sends_the_same_bytes(kind: str, host: str, run: int, runs: Any) -> None:
    expected = runs[kind, "jupyterlab_run_all"].result()[0]
    sent = runs[kind, host].result()[run]
    again = 2 if host.endswith("twice_in_one_kernel") else 1
    assert [spoken(body) for body in sent] == [spoken(body) for body in expected] * again  # readable where it fails
    assert sent == expected * again


def spoken(body: bytes) -> list[str]:
    return [f"<{message['role']}> {message['content']}" for message in json.loads(body)["messages"]]


def test_the_notebook_sends_what_it_is_meant_to(runs: Any) -> None:
    """Or the table would compare nothing."""
    for kind in ("whole", "bare"):
        expected = runs[kind, "jupyterlab_run_all"].result()[0]
        assert len(expected) == 5
        last = "\n".join(spoken(expected[-1]))
        for part in ("weights [3700, 5076]", "unit missing", "<object at 0x…>", "| Adélie | 3700", "[image/png 1×1]",
                     "JSONDecodeError", "fit took … s", "reading 100 %", "'after'", "(answer)", "seed 7"):  # fmt: skip
            assert part in last
        for part in ("nobody is told this", "load_ext", "already loaded", "%config", "· qwen3-max ·", "Thought"):
            assert part not in last
        assert ("*Three* islands" in last) == ("The unit is gram." in last) == (kind == "whole")
        for part in ("told by its tag", "a note to self", "reading 80"):
            assert part not in last


def test_each_question_begins_with_the_last_one_and_its_answer(runs: Any) -> None:
    """The stable prefix that the provider's cache pays for: turn n's prompt, to the last byte, begins turn n + 1's."""
    questions = [spoken(body) for body in runs["whole", "jupyterlab_run_all"].result()[0]]
    turns = [questions[0], *questions[2:]]  # what a line magic answers is an output of its cell, no turn
    for earlier, later in pairwise(turns):
        assert later[: len(earlier)] == earlier
        assert later[len(earlier)].startswith("<assistant> ")
