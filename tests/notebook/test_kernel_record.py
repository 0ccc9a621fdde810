"""What the kernel's record says equals what nbclient saved, in a real kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from hosts import JupyterLab, Kernel, notebook_of, seen_by

from qwen_magics.context.canonical import render
from qwen_magics.notebook.file import Reader

if TYPE_CHECKING:
    from pathlib import Path

VARIETY = {
    "prints": "print('a', end=''); print('b')",
    "interleaved streams": (
        "import sys\nfor n in range(3):\n    print('o', n, flush=True); print('e', n, file=sys.stderr)"
    ),
    "a result": "{'a': [1, 2, 3], 'b': object()}",
    "nothing": "None",
    "a display that a later cell updates": "from IPython.display import *\nh = display('first', display_id='D')",
    "the update": "update_display('second', display_id='D'); print('updated')",
    "a display twice with one id": "display('x', display_id='E'); display('y', display_id='E')",
    "cleared": "print('gone'); clear_output(); print('kept')",
    "cleared when something comes": "print('gone')\nfor n in range(3):\n    clear_output(wait=True); print('step', n)",
    "cleared, and nothing came": "print('kept, for nothing came after'); clear_output(wait=True)",
    "an update after a clear": (
        "h.update('third'); display(1, display_id='F'); clear_output(); update_display(2, display_id='F')"
    ),
    "an error": "def f(x):\n    return x['k']\nprint('before')\nf({})",
    "a chained error": "try:\n    1/0\nexcept Exception as e:\n    raise ValueError('bad') from e",
    "a library's error": "import json; json.loads('{')",
    "a syntax error": "for",
    "an unknown magic": "%no_such_magic",
    "a DataFrame": "import pandas as pd\npd.DataFrame({'a': range(100), 'b': list('xy') * 50})",
    "a styled DataFrame": "pd.DataFrame({'a': [1.0]}).style.highlight_max()",
    "a polars DataFrame": "import polars\npolars.DataFrame({'a': [1, 2], 'b': ['x', None]})",
    "a figure": "%matplotlib inline\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots(); ax.plot([1, 2]);",
    "rich": "display(Markdown('**b**'), HTML('<p>one<p>two'), JSON({'b': 1.0, 'a': [1, None]}), Latex('$x$'))",
    "pictures": "display(SVG('<svg xmlns=\"\" width=\"30\" height=\"20\"/>'), Javascript('1'))",
    "carriage returns": "for n in range(100): print(f'\\r{n}', end='')\nprint('\\x1b[31m red\\x1b[0m')",
    "a progress bar": "from tqdm import tqdm\nfor n in tqdm(range(3)): pass",
    "threads": (
        "import threading\n"
        "t = threading.Thread(target=lambda: (print('thread'), display({'in': 'thread'})))\nt.start(); t.join()"
    ),
    "a subprocess": "!echo shell",
    "a forked process": (
        "import multiprocessing, time\n"
        "with multiprocessing.get_context('fork').Pool(1) as pool: pool.map(print, ['child'])\ntime.sleep(0.2)"
    ),
    "captured": "%%capture captured\nprint('hidden'); display('hidden')",
    "a nested cell": "get_ipython().run_cell('print(\"inner\")\\n1+1', store_history=True); print('outer')",
    "an async cell": "import asyncio\nawait asyncio.sleep(0); print('awaited')\n'result'",
    "widgets": "import ipywidgets\nout = ipywidgets.Output()\nwith out: print('in')\ndisplay(out); print('outside')",
    "interact": "ipywidgets.interact(lambda x: print('shown in the widget', x), x=3);",
    "an empty cell": "  \n",
    "autoreload": "%load_ext autoreload\n%autoreload 2",
    "a large stream": "for n in range(60): print('x' * 9999)",
    "a large display": "print('y' * 500_000, end=''); display({'text/plain': 'z' * 500_000}, raw=True)",
    "our own": "display({'text/plain': 'r'}, raw=True, metadata={'qwen_magics': {'role': 'receipt'}}); print('theirs')",
}  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Any]]:
    """For each cell of VARIETY what the record shows of it, and what the file does."""
    path = tmp_path_factory.mktemp("variety") / "saved.ipynb"
    client = Kernel(notebook_of(*VARIETY.values()))
    seen = client.run()
    nbformat.write(client.nb, path)
    saved = Reader().read(str(path)).cells
    recorded = [outputs for *_, outputs in seen["cells"]]
    ran = {source: outputs for (_, _, source, *_), outputs in zip(seen["cells"], recorded, strict=True)}
    filed = [[list(pair) for pair in render(cell.outputs)] for cell in saved]
    return {
        name: (ran.get(source.strip(), []), filed[number])
        for number, (name, source) in enumerate(VARIETY.items(), start=1)
    }


@pytest.mark.parametrize("name", VARIETY)
def test_record_and_file_give_the_same_bytes(name: str, both: dict[str, tuple[Any, Any]]) -> None:
    recorded, saved = both[name]
    assert recorded == saved


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("interleaved streams", [["o 0\no 1\no 2", False], ["e 0\ne 1\ne 2", False]]),
        ("a result", [["{'a': [1, 2, 3], 'b': <object at 0x…>}", False]]),
        ("a display that a later cell updates", [["'third'", False]]),
        ("a display twice with one id", [["'y'", False], ["'y'", False]]),
        ("cleared", [["kept", False]]),
        ("cleared when something comes", [["step 2", False]]),
        ("a syntax error", [["Cell, line 1\n    for\n       ^\nSyntaxError: invalid syntax", True]]),
        ("a styled DataFrame", [[" | a\n0 | 1.000000", False]]),
        ("rich", [["**b**", False], ["one\ntwo", False], ['{"a": [1, null], "b": 1}', False], ["$x$", False]]),
        ("pictures", [["[image/svg+xml 30×20]", False]]),
        ("carriage returns", [["99 red", False]]),
        ("a progress bar", []),
        ("threads", [["thread", False], ["{'in': 'thread'}", False]]),
        ("a subprocess", [["shell", False]]),
        ("a forked process", [["child", False]]),
        ("captured", []),
        ("a nested cell", [["inner", False], ["2", False], ["outer", False]]),
        ("widgets", [["[widget Output]", False], ["outside", False]]),
        ("our own", [["theirs", False]]),
    ],
)
def test_the_record_shows_what_the_user_sees(name: str, shown: Any, both: dict[str, tuple[Any, Any]]) -> None:
    assert both[name][0] == shown


def test_a_figure_is_a_note_with_its_size(both: dict[str, tuple[Any, Any]]) -> None:
    ((text, _),) = both["a figure"][0]
    assert text.startswith("[image/png ")
    assert "×" in text


def test_what_a_kernel_is_asked_silently_is_no_cell() -> None:
    """Variable inspectors and widgets run code too."""

    class Inspected(Kernel):
        def after_cell(self) -> None:
            for options in ({"silent": True}, {"store_history": False}):
                self.kc.execute("print('inspected')", **options)

    seen = Inspected(notebook_of("print(1)")).run()
    assert [cell[2] for cell in seen["cells"]][1:-1] == ["print(1)"]
    assert [cell[-1] for cell in seen["cells"]][1:-1] == [[["1", False]]]


def test_a_cell_that_is_run_again_is_the_same_cell(tmp_path: Path) -> None:
    """Its latest outputs count, and what the running cell showed before is at hand, but no context."""
    sources = ("import itertools\ncount = itertools.count()", "print(next(count))")
    notebook = notebook_of(*sources)
    path = tmp_path / "notebook.ipynb"
    nbformat.write(notebook, path)

    class Twice(JupyterLab):
        async def async_execute_cell(self, cell: Any, index: int, *args: Any, **kwargs: Any) -> Any:
            await super().async_execute_cell(cell, index, *args, **kwargs)
            return await super().async_execute_cell(cell, index, *args, **kwargs) if index >= 2 else cell

    seen = Twice(notebook, path).run()
    assert [cell[-1] for cell in seen["cells"]] == [[], [], [["1", False]], []]
    assert seen["earlier"][0][0].startswith('{"cells":')


def test_detach_takes_every_hook_away() -> None:
    probe = (
        "kernel = get_ipython().kernel\nsession.detach()\n"
        "events = [f for e in get_ipython().events.callbacks.values() for f in e]\n"
        "import json; print(json.dumps({'thread': 'send_multipart' in vars(kernel.iopub_thread),\n"
        "  'events': sum('qwen_magics' in f.__module__ for f in events)}))"
    )
    client = Kernel(notebook_of(probe))
    client.nb.cells.pop()
    client.execute()
    assert seen_by(client.nb.cells[-1]) == {"thread": False, "events": 0}


def test_what_ran_before_the_record_comes_from_history() -> None:
    client = Kernel(notebook_of())
    client.nb.cells[0:0] = [nbformat.v4.new_code_cell(source) for source in ("print('early')\n3", "1/0")]
    cells = client.run()["cells"]
    assert cells[0][-1] == [["early", False], ["3", False]]
    assert cells[1][-1][0][0].endswith("ZeroDivisionError: division by zero")
    assert [cell[2] for cell in cells[:2]] == ["print('early')\n3", "1/0"]
