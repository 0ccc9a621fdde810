"""Values in words: what a model needs to know of them, whatever they are and whatever they do."""

from __future__ import annotations

import array
import collections
import contextlib
import copy
import datetime
import decimal
import enum
import functools
import itertools
import os
import subprocess
import sys
import types
from dataclasses import dataclass, field
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.context.describe import LIMIT, LIMIT_OF_TEXT, describe, peek
from qwen_magics.context.describe.bounds import clip


class Color(enum.StrEnum):
    """A string that is no string."""

    RED = "red"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (np.float64(2.5), "2.5"),
        (np.int32(4), "4"),
        (None, "None"),
        ("verbatim {x} 0x7f0000001234\n  text", "verbatim {x} 0x7f0000001234\n  text"),
        (b"\x89PNG", "b'\\x89PNG'"),
        (datetime.datetime(2024, 5, 1, 12), "2024-05-01 12:00:00"),
        (decimal.Decimal("1.10"), "1.10"),
        (Color.RED, "<Color.RED: 'red'>"),
        ({"a": [1, 2]}, "{'a': [1, 2]}"),
        ((1, "b"), "(1, 'b')"),
        ([], "[]"),
        ({3, 1, 2}, "{1, 2, 3}"),
        (frozenset("b"), "frozenset({'b'})"),
        (collections.Counter("aab"), "Counter({'a': 2, 'b': 1})"),
        (collections.deque([1]), "deque([1])"),
        (array.array("d", [0.5]), "array([0.5])"),
        (types.MappingProxyType({"a": 1}), "mappingproxy({'a': 1})"),
        (range(10), "range(0, 10)"),
        ([0.1 + 0.2, np.float64(1), np.arange(3)], "[0.3, 1.0, [0, 1, 2]]"),
        (iter([1]), "<list_iterator>, an iterator, not consumed"),
        pytest.param(1 << 20_000, "<int of about 6,021 digits>", id="a large int"),
    ],
)
def test_what_one_line_says_is_one_line(value: object, text: str) -> None:
    assert describe(value) == text


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    text = describe("first line\n" + "word " * 10_000 + "last words")
    assert text.startswith("first line\nword word")
    assert "… [50,021 characters in all] …" in text
    assert text.endswith("word last words")
    assert LIMIT < len(text) <= LIMIT_OF_TEXT


@given(st.integers(1, 400), st.text("ab7-_", min_size=30, max_size=60))
def test_no_cut_leaves_half_of_a_word_that_might_be_a_key(limit: int, word: str) -> None:
    text = clip(f"key={word} and more words, {word}\nand {word} " * 9, limit, " … ")
    assert len(text) <= limit
    for piece in text.replace(",", " ").replace("…", " ").split():
        assert len(piece.removeprefix("key=")) <= 8 or word in piece


def test_long_chinese_text_is_cut_anywhere() -> None:
    assert clip("一" * 1000, 100, " … ") == "一" * 64 + " … " + "一" * 33


def test_large_containers_tell_size_kinds_range_and_a_sample() -> None:
    assert describe(list(range(1000))).startswith("list of 1,000 int, 0 to 999\n0, 1, 2, 3")
    assert describe(list(range(1000))).endswith("… 901 more, the last 997, 998, 999")
    records = describe([{"a": i, "b": ["x"] * i} for i in range(500)]).split("\n")
    assert records[0] == "list of 500 dict"
    assert records[1:3] == ["[0] {'a': 0, 'b': []}", "[1] {'a': 1, 'b': ['x']}"]
    assert records[-1] == "… 488 more"
    many = describe({f"key {i}": np.zeros((i, 2)) for i in range(100)}).split("\n")
    assert many[:2] == ["dict of 100 str to ndarray", "'key 0': <ndarray (0, 2) float64>"]
    assert many[-1].startswith("and the keys 'key 12', 'key 13'")
    assert many[-1].endswith(" more")


def test_a_set_is_told_in_an_order_that_does_not_depend_on_hashes() -> None:
    code = "from qwen_magics.context.describe import describe; print(describe({'b', 'a', 'c', (1, 'x'), None, 2.5}))"
    texts = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert texts == {"{None, 2.5, 'a', 'b', 'c', (1, 'x')}\n"}


def test_a_huge_container_is_not_walked() -> None:
    assert describe(set(range(200_000))) == "set of 200,000 int"
    assert describe(dict.fromkeys(range(10**6)).keys()).startswith("dict_keys of 1,000,000 int\n0, 1")


def test_iterators_are_not_consumed_and_coroutines_not_run() -> None:
    numbers = (n for n in itertools.count())
    assert describe(numbers) == "<generator <genexpr>, not run further>"
    pairs = zip("ab", "cd", strict=True)
    assert describe(pairs) == "<zip>, an iterator, not consumed"
    assert next(pairs) == ("a", "c")
    assert next(numbers) == 0


# --- records and other objects ----------------------------------------------------------------------------------------


@dataclass
class Record:
    """A record."""

    name: str
    table: Any
    tags: list[int] = field(default_factory=list)
    hidden: str = field(default="x", repr=False)


def test_records_tell_the_fields_that_their_own_repr_shows() -> None:
    class Model(pydantic.BaseModel):
        depth: int
        password: pydantic.SecretStr
        hidden: str = pydantic.Field("h", repr=False)

    @attrs.define
    class Point:
        x: int
        y: int = attrs.field(default=1, repr=False)

    assert describe(Model(depth=3, password=pydantic.SecretStr("pw"))) == (
        "Model(depth=3, password=SecretStr('**********'))"
    )
    assert describe(Point(1)) == "Point(x=1)"
    assert describe(Record("long " * 50, pd.DataFrame({"a": [1]}), [1])).split("\n") == [
        f"{Record.__module__}.Record: A record.",
        "  name: '" + "long " * 50 + "'",
        "  table: <DataFrame 1 × 1 (a)>",
        "  tags: [1]",
    ]


class Plain:
    """Does plain things.

    And more.
    """

    def __init__(self) -> None:
        self.a, self._private, self.me = [1], 2, self

    @property
    def risky(self) -> int:
        """Raises."""
        raise RuntimeError

    def work(self) -> None:
        """Works."""


def test_a_plain_object_tells_its_first_words_attributes_and_methods() -> None:
    assert describe(Plain()).split("\n") == [
        f"{Plain.__module__}.Plain: Does plain things.",
        "  a: [1]",
        f"  me: <{Plain.__module__}.Plain>",
        "  methods and properties: risky, work",
    ]


def test_of_an_object_with_its_own_repr_other_attributes_are_told_without_values() -> None:
    class Client:
        def __init__(self) -> None:
            self.host, self.word = "example.org", "swordfish"

        def __repr__(self) -> str:
            return f"<Client of {self.host} at {hex(id(self))}>"

    _, own, others = describe(Client()).split("\n")
    assert own == "<Client of example.org at 0x…>"
    assert others == "attributes: host (str), word (str)"


def test_an_estimator_tells_what_it_learned() -> None:
    class Estimator:
        def __init__(self) -> None:
            self.alpha, self.coef_, self.weights_ = 0.1, np.ones(3), np.ones((100, 3))

        def __repr__(self) -> str:
            return f"Estimator(alpha={self.alpha})"

    assert describe(Estimator()).split("\n")[1:] == [
        "Estimator(alpha=0.1)",
        "  coef_: [1.0, 1.0, 1.0]",
        "  weights_: <ndarray (100, 3) float64>",
        "attributes: alpha (float)",
    ]


def test_a_module_of_weights_tells_how_many_it_has() -> None:
    class Weight:
        def numel(self) -> int:
            return 1_000

    class Net:
        def __repr__(self) -> str:
            return "Net(\n  (a): Linear(10, 100)\n)"

        def forward(self) -> None: ...

        def parameters(self) -> list[Weight]:
            return [Weight(), Weight()]

    assert describe(Net()).endswith("Net(\n  (a): Linear(10, 100)\n)\n2,000 parameters")


# --- code -------------------------------------------------------------------------------------------------------------


def test_the_users_functions_and_classes_go_by_their_source() -> None:
    for function in (test_a_huge_container_is_not_walked, functools.lru_cache(test_a_huge_container_is_not_walked)):
        assert describe(function).startswith("def test_a_huge_container_is_not_walked() -> None:\n    assert")
    assert describe(Plain().work) == 'def work(self) -> None:\n    """Works."""'
    assert describe(Record).startswith('@dataclass\nclass Record:\n    """A record."""')


def test_a_library_goes_by_signature_and_summary() -> None:
    assert describe(len) == "built-in function len(obj, /)\nReturn the number of items in a container."
    assert describe(itertools.chain).startswith("class itertools.chain\n")
    assert describe(subprocess.run).startswith("function run(*popenargs, input=None, capture_output=False,")
    frame = describe(pd.DataFrame)
    assert frame.startswith("class pandas.DataFrame(")
    assert "\ncalled as DataFrame(data=None, index=None, columns=None, dtype=None, copy=None)\nmethods: " in frame
    assert describe(itertools).startswith("module itertools\nFunctional tools for creating and using iterators.\n")
    assert describe(functools.partial(len, [1])).startswith("partial(<built-in function len>, [1])\nbuilt-in function")


def test_a_class_that_was_written_in_a_cell_has_its_source() -> None:
    code = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("class Old:\\n    pass")
shell.run_cell("import dataclasses\\n@dataclasses.dataclass\\nclass Point:\\n    x: int = 1\\n\\nprint('not it')")
shell.run_cell("def area(p):\\n    return p.x")
from qwen_magics.context.describe import describe
print(describe(shell.user_ns["Point"]), describe(shell.user_ns["area"]), sep="\\n")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60)
    assert done.stdout.endswith(
        "not it\n@dataclasses.dataclass\nclass Point:\n    x: int = 1\ndef area(p):\n    return p.x\n"
    )


def test_an_exception_tells_message_cause_and_the_users_frames() -> None:
    def deep(n: int) -> None:
        if n:
            deep(n - 1)
        np.array([1]).reshape(3)

    def wrapped() -> None:
        try:
            deep(20)
        except ValueError as error:
            raise KeyError("no such column") from error

    with pytest.raises(KeyError) as caught:
        wrapped()
    caught.value.add_note("and a note")
    first, second = describe(caught.value).split("\n\nraised after:\n")
    assert first.startswith("KeyError: 'no such column'\nand a note\n  test_describe.py, line ")
    assert 'in wrapped: raise KeyError("no such column") from error' in first
    assert second.startswith("ValueError: cannot reshape array of size 1 into shape (3,)\n")
    assert "  … 16 more frames …" in second
    assert second.endswith("in deep: np.array([1]).reshape(3)")
    assert describe(ExceptionGroup("two", [OSError("a"), OSError("b")])).endswith(")\n- OSError: a\n- OSError: b")


# --- whatever values do -----------------------------------------------------------------------------------------------


class Broken:
    """Raises."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


class Exiting:
    """Wants to end the kernel."""

    def __repr__(self) -> str:
        raise SystemExit


class Endless:
    """Never ends."""

    def __repr__(self) -> str:
        while True:
            pass


class Deaf(Exception):
    """Never ends and won't be told."""

    def __str__(self) -> str:
        while True:
            try:
                raise ValueError
            except Exception:
                continue


class Huge:
    """Says too much."""

    def __repr__(self) -> str:
        return "x" * 10_000_000


class Liar(dict):  # type: ignore[type-arg]
    """Has no length and no items."""

    def __len__(self) -> int:
        raise RuntimeError("no")

    __iter__ = items = keys = __len__  # type: ignore[assignment]


class Hostile:
    """Nothing of it may be asked."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    __class__ = property(lambda self: 1 / 0)  # type: ignore[assignment]


class Anything:
    """Answers to every name, as mocks and proxies do."""

    def __getattr__(self, name: str) -> Any:
        return Anything()


class Meta(type):
    """Its classes lie about themselves."""

    @property
    def __name__(cls) -> str:
        raise RuntimeError

    __mro__ = __module__ = __dict__ = __name__  # type: ignore[assignment]  # noqa: A003


class Odd(metaclass=Meta):
    """What lies."""


def _loop() -> list[Any]:
    loop: list[Any] = [1]
    loop.append(loop)
    return loop


def _deep() -> list[Any]:
    return functools.reduce(lambda inner, _: [inner], range(100_000), [])


HARD: dict[str, Any] = {  # by name, for pytest itself asks its parameters this and that
    "broken": Broken(),
    "exiting": Exiting(),
    "endless": Endless(),
    "many endless ones": [Endless()] * 50,
    "deaf": Deaf(),
    "huge": Huge(),
    "liar": Liar(a=1),
    "hostile": Hostile(),
    "anything": Anything(),
    "odd class": Odd,
    "odd": Odd(),
    "metaclass": Meta,
    "loop": _loop(),
    "deep": _deep(),
    "broad and deep": [[[[[["x" * 99] * 99] * 99] * 99] * 99] * 99],
    "surrogate": "\ud800",
    "huge inside": {"k": Huge()},
    "class inside": [Broken],
    "series": pd.Series([Broken(), Endless()]),
    "array": np.array([Broken(), None]),
    "namespace": types.SimpleNamespace(a=_loop()),
    "module": sys,
    "object": object,
    "type": type,
    "file": sys.stdout,
    "frame": sys._getframe(),
    "keys": {Broken: {Broken(): Hostile()}},
    "record": Record(Broken(), Liar()),  # type: ignore[arg-type]
}


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qwen_magics.context.describe._PATIENCE", 0.2)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("name", HARD)
def test_whatever_a_value_does_its_description_comes_and_is_bounded(name: str) -> None:
    value = HARD[name]
    text = describe(value)
    assert 0 < len(text) <= LIMIT
    assert text.encode()


@pytest.mark.usefixtures("_impatient")
def test_what_went_wrong_is_said() -> None:
    assert describe([Broken()]) == "[<Broken, whose repr raised RuntimeError>]"
    assert describe({"k": Endless()}) == "{'k': <Endless, whose repr takes too long>}"
    assert describe(Deaf()).startswith(f"{Deaf.__module__}.Deaf: <a message that raised>")
    assert describe(_loop()) == "[1, …]"


def test_an_interrupt_is_the_users() -> None:
    class Interrupted:
        def __repr__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        describe([Interrupted()])


def test_a_debuggers_trace_function_comes_back() -> None:
    def watch(*_: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        describe([Broken()])
        assert sys.gettrace() is watch
    finally:
        sys.settrace(before)


_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(), st.binary(),
    st.datetimes(), st.timedeltas(), st.decimals(), st.fractions(), st.uuids(), st.functions(),
    st.builds(object), st.builds(Broken), st.builds(Plain), st.builds(ValueError, st.text()), st.just(Color.RED),
    st.builds(lambda size: np.arange(size), st.integers(0, 500)),
)  # fmt: skip
_KEYS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.tuples(st.text()))
_VALUES = st.recursive(
    _LEAVES | st.sets(_KEYS) | st.frozensets(_KEYS),
    lambda inner: st.one_of(
        st.lists(inner), st.dictionaries(_KEYS, inner), st.tuples(inner, inner), st.builds(Record, st.text(), inner),
        st.builds(collections.deque, st.lists(inner)), st.builds(collections.UserDict, st.dictionaries(_KEYS, inner)),
    ),
    max_leaves=60,
)  # fmt: skip


@given(_VALUES, st.integers(0, 3_000))
def test_any_nested_value_is_described_within_the_limit_and_the_same_again(value: object, limit: int) -> None:
    text = describe(value, limit=limit)
    assert len(text) <= limit
    assert text == describe(value, limit=limit)
    assert text == describe(copy.copy(value), limit=limit)
    assert limit == 0 or text or value == ""  # strings come as they are
    text.encode()


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; from qwen_magics.context.describe import describe\n"
        "describe([1, 'a', object()])\n"
        "heavy = {'narwhals', 'numpy', 'pandas', 'polars', 'matplotlib', 'plotly', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_is_ended_in_the_middle_leaves_no_trace_in_the_next_error() -> None:
    """An end inside of somebody's `except` must not look as if that exception were still being handled."""
    for _ in range(20):
        with peek.patience(0.002), contextlib.suppress(BaseException):
            peek.in_time(lambda: str(Deaf()))
        with pytest.raises(ZeroDivisionError) as problem:
            1 / 0  # noqa: B018
        assert problem.value.__context__ is None
