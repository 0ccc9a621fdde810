"""The record of a shell without a kernel, and the record's bounds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from IPython.display import clear_output, display, update_display

from qwen_magics.context.canonical import render, role_of
from qwen_magics.notebook import record as record_module
from qwen_magics.notebook.bounds import CUT, cut
from qwen_magics.notebook.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from IPython.core.interactiveshell import InteractiveShell


@pytest.fixture
def session(shell: InteractiveShell) -> Iterator[Session]:
    shell.user_ns.update(display=display, update_display=update_display, clear_output=clear_output, sys=sys)
    session = Session(shell)
    session.attach()
    yield session
    session.detach()


@pytest.fixture
def run(shell: InteractiveShell, session: Session) -> Callable[..., list[Any]]:
    """Runs cells; what each of the session's cells shows then."""

    def run(*sources: str) -> list[Any]:
        for source in sources:
            shell.run_cell(source, store_history=True)
        return [render(cell.outputs) for cell in session.notebook().cells]

    return run


def test_streams_results_displays_and_errors_are_recorded_once(run: Any) -> None:
    shown = run("print('out'); print('err', file=sys.stderr); display('shown'); 1 + 1", "1 / 0")
    assert shown[0] == [("out", False), ("err", False), ("'shown'", False), ("2", False)]
    ((text, is_error),) = shown[1]
    assert is_error
    assert text == "Cell, line 1\n----> 1 1 / 0\nZeroDivisionError: division by zero"


def test_updates_and_clears_are_followed(run: Any) -> None:
    assert run(
        "handle = display('first', display_id=True)",
        "handle.update('second')",
        "print('gone'); clear_output(wait=True); print('kept')",
    ) == [[("'second'", False)], [], [("kept", False)]]


def test_what_is_captured_nested_or_silent_goes_where_it_belongs(shell: InteractiveShell, run: Any) -> None:
    shell.run_cell("print('silent')", silent=True)
    shell.run_cell("print('unnumbered')")
    assert run(
        "%%capture\nprint('hidden')",
        "get_ipython().run_cell('print(\"inner\")', store_history=True); print('outer')",
        "",
        "async def f(): print('awaited')\nawait f()",
    ) == [[], [("inner\nouter", False)], [("awaited", False)]]


def test_metadata_tells_our_own_outputs(shell: InteractiveShell, run: Any, session: Session) -> None:
    run("display({'text/plain': 'x'}, raw=True, metadata={'qwen_magics': {'version': 1, 'role': 'answer'}})")
    (cell,) = session.notebook().cells
    assert [role_of(output) for output in cell.outputs] == ["answer"]


def test_the_running_cell_is_known_and_has_no_outputs(shell: InteractiveShell, session: Session) -> None:
    seen: list[Any] = []
    shell.user_ns["look"] = lambda: seen.append(session.notebook())
    shell.run_cell("print('before')", store_history=True)
    shell.run_cell("print('so far'); look()", store_history=True)
    assert [render(cell.outputs) for cell in seen[0].cells] == [[("before", False)], []]
    assert seen[0].running == 1


def test_what_is_printed_in_between_belongs_to_no_cell(run: Any) -> None:
    run("print('a')")
    print("between")
    assert run("print('b')") == [[("a", False)], [("b", False)]]


def test_detach_leaves_no_trace(shell: InteractiveShell) -> None:
    shell.run_cell("'whatever IPython itself keeps'")
    owners = (shell, shell.display_pub, shell.displayhook)
    before = [set(vars(owner)) for owner in owners]
    callbacks = {name: list(found) for name, found in shell.events.callbacks.items()}
    session = Session(shell)
    session.attach()
    shell.run_cell("print(1); 1", store_history=True)
    session.detach()
    assert [set(vars(owner)) - had for owner, had in zip(owners, before, strict=True)] == [set()] * 3
    assert shell.events.callbacks == callbacks
    shell.run_cell("print(2)", store_history=True)
    assert len(session.record.executions) == 1


def test_a_fault_of_the_record_never_reaches_the_user(run: Any, session: Session, monkeypatch: Any) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("the record's own")

    monkeypatch.setattr(session.record, "_add", broken)
    assert run("print('works'); x = 3") == [[]]
    assert session._shell.user_ns["x"] == 3


def test_a_long_stream_keeps_its_head_and_tail(run: Any, session: Session) -> None:
    shown = run("for n in range(30_000): print(f'line {n:06}', 'x' * 60)")
    whole = "".join(f"line {n:06} {'x' * 60}\n" for n in range(30_000))
    assert shown == [[(cut(whole).strip("\n"), False)]]
    assert CUT in shown[0][0][0]
    assert session.record.executions[0].outputs[0].text != whole


def test_the_oldest_outputs_are_forgotten_when_there_are_too_many(run: Any, session: Session, monkeypatch: Any) -> None:
    monkeypatch.setattr(record_module, "LARGEST_RECORD", 10_000)
    shown = run("print('a' * 3000)", "print('b' * 3000)", "print('c' * 3000)", "print('d' * 3000)")
    assert shown[0] == []
    assert shown[-1] == [("d" * 3000, False)]
    assert session.record.executions[0].forgotten
    assert [cell.source[7] for cell in session.notebook().cells] == ["a", "b", "c", "d"]


def test_a_session_that_began_before_is_read_from_history(shell: InteractiveShell) -> None:
    shell.run_cell("print('early'); 5", store_history=True)
    session = Session(shell)
    session.attach()
    shell.run_cell("6", store_history=True)
    session.detach()
    assert [render(cell.outputs) for cell in session.notebook().cells] == [
        [("early", False), ("5", False)],
        [("6", False)],
    ]
