"""The notebooks that browsers have open, and what is asked about any of them: bounded, exact, without secrets."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from http import HTTPStatus
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
import nbformat
import pytest
from fakes import secret_makers
from fakes.typing_browser import code, held, notebook
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from qwen_magics.notebook.live import LiveNotebook
from qwen_magics.server import notebooks
from qwen_magics.server.bodies import Chip, Question
from qwen_magics.server.desk import Desk
from qwen_magics.server.estimate import estimate
from qwen_magics.server.files import File
from qwen_magics.server.handler import Refused
from qwen_magics.server.notebooks import Notebooks
from qwen_magics.server.sent import what_is_sent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fakes.provider import FakeProvider
    from fakes.typing_browser import Post


def live(*cells: dict[str, Any], **more: Any) -> LiveNotebook:
    return msgspec.convert(notebook(*cells, **more), LiveNotebook)


# --- what is held -----------------------------------------------------------------------------------------------------


def test_a_browser_sends_what_changed_and_is_told_what_is_missing() -> None:
    known, first = Notebooks(), live(code("x"), code("y"))
    name = known.put(first).notebook
    changed = LiveNotebook(path="a.ipynb", cells=["k1", "k3"], fresh={"k3": first.fresh["k2"]})
    assert known.put(changed).notebook not in ("", name)
    lost = LiveNotebook(path="a.ipynb", cells=["k1", "k9", "k8"])
    assert known.put(lost).missing == ["k9", "k8"]
    assert known.put(first).notebook == name


def test_of_one_notebook_only_the_last_versions_are_held() -> None:
    known = Notebooks()
    names = [known.put(live(code(f"x = {n}"), fresh_=n)).notebook for n in range(5)]
    with pytest.raises(Refused) as gone:
        known.get(names[0])
    assert gone.value.status == HTTPStatus.CONFLICT
    assert gone.value.more == {"stale": True}
    memories = {id(known.get(name).memory) for name in names[-notebooks.OF_ONE :]}
    assert len(memories) == 1  # what was worked out for one version serves the next


def test_what_is_held_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebooks, "KEPT", 30_000)
    monkeypatch.setattr(notebooks, "LARGEST", 20_000)
    known = Notebooks()
    names = [known.put(live(code("x", "a" * 9_000), path=f"{n}.ipynb")).notebook for n in range(5)]
    for name, there in zip(names, (False, False, True, True, True), strict=True):
        assert _holds(known, name) is there
    with pytest.raises(Refused, match="MB of text") as refused:
        known.put(live(*(code("x", "a" * 9_000) for _ in range(3))))
    assert refused.value.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert known._size <= 30_000
    assert _holds(known, names[-1])


def _holds(known: Notebooks, name: str) -> bool:
    try:
        known.get(name)
    except Refused:
        return False
    return True


def test_only_so_much_of_an_output_is_kept_as_can_go_along() -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 1_000_000}, "metadata": {}}
    log = {"output_type": "stream", "name": "stdout", "text": "word\n" * 1_000_000}
    known = Notebooks()
    name = known.put(live({"kind": "code", "source": "x", "outputs": [picture, log]})).notebook
    assert known.get(name).size < 400_000


async def test_a_notebook_that_cant_be_is_refused_in_words(post: Post) -> None:
    with pytest.raises(Exception, match="HTTP 400"):
        await held(post, {"kind": "code", "source": "x", "outputs": [{"output_type": 5}]})


# --- any notebook -----------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """What routes share, without a server."""
    monkeypatch.setenv("QWEN_MAGICS_PROVIDER", "alibaba")
    return Desk(SimpleNamespace(contents_manager=None))  # type: ignore[arg-type]


text = st.text(st.characters(codec="utf-8"), max_size=60)
output = st.builds(lambda said: {"output_type": "stream", "name": "stdout", "text": said}, text)
answered = st.builds(
    lambda said: {
        "kind": "code", "source": "%%qwen\nWhat?",
        "outputs": [{
            "output_type": "display_data", "data": {"text/markdown": said}, "metadata":
            {"qwen_magics": {"version": 1, "turn": "t", "role": "answer", "part": 0, "status": "complete"}},
        }],
    }, text,
)  # fmt: skip
plain = st.fixed_dictionaries(
    {"kind": st.sampled_from(["code", "markdown", "raw"]), "source": text},
    optional={"outputs": st.lists(output, max_size=3), "metadata": st.just({"tags": ["qwen-skip"]})},
)
chip = st.one_of(
    st.builds(Chip, kind=st.just("notebook"), on=st.booleans()),
    st.builds(
        Chip, kind=st.sampled_from(["cell", "error", "selection", "var", "file"]),
        name=st.sampled_from(["c1", "c2", "c3", "c9", "a.txt"]), text=text, on=st.booleans(),
    ),
)  # fmt: skip
unlike = st.lists(chip, max_size=5, unique_by=lambda one: (one.kind, one.name))


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(answered | plain, max_size=6), chips=unlike, question=text, file=text)
def test_a_chips_tokens_are_what_the_question_is_shorter_without_it(
    desk: Desk, cells: list[dict[str, Any]], chips: list[Chip], question: str, file: str
) -> None:
    name = desk.notebooks.put(live(*cells)).notebook
    files = {"a.txt": File(text=file)}

    def priced(chosen: list[Chip]) -> Any:
        return estimate(desk, Question(text=question, notebook=name, chips=chosen), files)

    said = priced(chips)
    for n, (one, share) in enumerate(zip(chips, said.chips, strict=True)):
        if not one.on:
            assert (share.tokens, share.saves) == (0, None)
            continue
        off = msgspec.structs.replace(one, on=False)
        without = priced([*chips[:n], off, *chips[n + 1 :]])
        assert abs(said.tokens - without.tokens - share.tokens) <= 3  # parts may share a token with what follows
        if share.saves is not None and said.tokens - without.tokens == share.tokens:
            assert share.saves == said.price.expected - without.price.expected
    sent = what_is_sent(desk, Question(text=question, notebook=name, chips=chips), files)
    assert sent.tokens == said.tokens == sum(item.tokens for item in sent.items) + _frames(said.tokens, sent.items)
    assert all(isinstance(one.saves, Decimal | None) for one in said.chips)


def _frames(tokens: int, items: list[Any]) -> int:
    frames = tokens - sum(item.tokens for item in items)
    assert -3 <= frames <= 5 * (2 * len(items) + 2) + 8
    return frames


# --- secrets ----------------------------------------------------------------------------------------------------------


async def test_a_secret_that_a_cell_sets_is_in_no_other_cells_output(post: Post, jp_root_dir: Path) -> None:
    """Nor is one of the `.env` beside the notebook: its kernel would know both."""
    make = secret_makers.Maker(11)
    own, private, other = (make.of(secret_makers.ALNUM, 20) for _ in range(3))
    (jp_root_dir / "deep").mkdir()
    (jp_root_dir / "deep" / ".env").write_text(f"DB_PASSWORD={private}\n", "utf-8")
    cells = [new_code_cell(f'auth_token = "{other}"'), new_markdown_cell(f"It is {other}.")]
    nbformat.write(new_notebook(cells=cells), jp_root_dir / "other.ipynb")
    shown = code("show()", f"with {own} or {private}")
    name = await held(post, code(f'db_password = "{own}"'), shown, path="deep/a.ipynb")
    chips = [{"kind": "notebook"}, {"kind": "file", "name": "other.ipynb"}]
    said = await post("request", text=f"What is {own}?", notebook=name, chips=chips)
    assert "with [redacted: password] or [redacted: DB_PASSWORD]" in said["body"]
    assert "It is [redacted: secret]." in said["body"]
    for secret in (own, private, other):
        assert secret not in json.dumps(said)


async def test_no_secret_leaves_whatever_carries_it(
    post: Post, jp_fetch: Callable[..., Any], provider: FakeProvider, jp_root_dir: Any
) -> None:
    """In cells, outputs, tracebacks, selections, values, files, the question and answers of the thread."""
    make = secret_makers.Maker(7)
    secrets = {place: make.of(secret_makers.ALNUM, 40) for place in ("cell", "output", "error", "chip", "file", "text")}
    said = {place: f'api_key = "{secret}"' for place, secret in secrets.items()}
    (jp_root_dir / "config.py").write_text("x = 1\n" * 9_000 + said["file"] + "\ny = 2" * 9_000, "utf-8")
    failed = {"output_type": "error", "ename": "E", "evalue": said["error"], "traceback": [said["error"]]}
    name = await held(post, code(said["cell"], said["output"]), {"kind": "code", "source": "f()", "outputs": [failed]})
    chips = [
        {"kind": "thread"},
        {"kind": "notebook"},
        {"kind": "error", "name": "c2"},
        {"kind": "selection", "name": "c1", "text": said["chip"]},
        {"kind": "var", "name": "config", "text": said["chip"]},
        {"kind": "file", "name": "config.py"},
    ]
    body = {"text": f"Why? {said['text']}", "notebook": name, "chips": chips}
    shown = [await post("request", **body), await post("estimate", **body)]
    streamed = (await jp_fetch("qwen", "api", "chat", method="POST", body=json.dumps(body))).body.decode()
    went = provider.questions[-1].raw.decode()
    assert went.count("[redacted: ") >= 6
    for place, secret in secrets.items():
        for answer in (json.dumps(shown), streamed, went):
            assert secret not in answer, place
            assert secret[:12] not in answer, place
    own = "sk-" + "a" * 32
    assert own not in json.dumps(shown) + streamed


def test_the_same_notebook_gives_the_same_bytes(desk: Desk) -> None:
    draw = random.Random(3)
    cells = [code(f"x{n} = {draw.random()}", "y" * draw.randrange(50)) for n in range(20)]
    bodies = set()
    for _ in range(2):
        asked = Question(text="Why?", notebook=desk.notebooks.put(live(*cells)).notebook, chips=[Chip(kind="notebook")])
        bodies.add(what_is_sent(desk, asked, {}).body)
    assert len(bodies) == 1
