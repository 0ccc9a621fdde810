"""`jupyter qwen`: what each command tells, with which exit code, and what it leaves alone."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import uuid
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import psutil
import pytest
from fakes.receipts import make
from nbformat import v4

from qwen_magics import catalog, credentials, settings
from qwen_magics.app import COMMANDS, main
from qwen_magics.commands import demo
from qwen_magics.credentials import Key
from qwen_magics.display import receipt as receipt_words
from qwen_magics.display import tally
from qwen_magics.ledger import Ledger, Where
from qwen_magics.server.bodies import Question
from qwen_magics.server.threads.store import FILE, Threads
from qwen_magics.values import Cost, Receipt, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fakes.provider import FakeProvider

APP = [sys.executable, "-m", "qwen_magics.app"]


def new_key() -> str:
    return "sk-" + secrets.token_hex(16)


def jupyter_qwen(*args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*APP, *args], capture_output=True, text=True, timeout=60, **options)


# --- the command itself -----------------------------------------------------------------------------------------------


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from qwen_magics.app import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'traitlets', 'httpx', 'sqlite3', 'msgspec', 'asyncio', 'jupyter_core'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.endswith("[]\n")
    for name in COMMANDS:
        assert f"\n  {name} " in told


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_page(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"jupyter qwen {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "says"), [(["pries"], "did you mean `prices`?"), ([], "COMMAND"), (["prices", "--modl", "x"], "--modl")]
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    args: Sequence[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(args)
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert says in told
    assert told.count("\n") == 1


def test_an_error_is_one_or_two_lines_and_exit_code_1() -> None:
    ran = jupyter_qwen("prices", env={**os.environ, "QWEN_MAGICS_REGION": "mars"})
    assert ran.returncode == 1
    assert ran.stderr.startswith("jupyter qwen prices: QWEN_MAGICS_REGION: `region` can't be 'mars'")
    assert ran.stderr.count("\n") <= 2
    assert "Traceback" not in ran.stderr


def test_a_reader_that_has_enough_is_no_error() -> None:
    ran = subprocess.run(
        f"{sys.executable} -m qwen_magics.app prices | head -1", shell=True, capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("model")
    assert ran.stderr == ""


# --- login ------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="there is no pty")
def test_the_key_is_typed_hidden_on_a_terminal(provider: FakeProvider) -> None:
    """Not echoed, not in the process list while it is checked, stored for the next command."""
    import pexpect

    text = new_key()
    environment = {**os.environ, "QWEN_MAGICS_BASE_URL": provider.base_url}
    terminal = pexpect.spawn(APP[0], [*APP[1:], "login"], env=environment, encoding="utf-8", timeout=30)
    terminal.expect("Region of the key")
    terminal.sendline("beijing")
    terminal.expect("hidden")
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=False).stdout
    terminal.sendline(text)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert f"sk-…{text[-4:]}" in terminal.before
    assert text not in terminal.before + processes
    chosen, key = credentials.for_turn(settings.load().with_options())
    assert (key.reveal(), chosen.region) == (text, "beijing")
    assert provider.requests[0].headers["authorization"] == f"Bearer {text}"


def test_without_a_terminal_the_key_comes_from_standard_input() -> None:
    text = new_key()
    ran = jupyter_qwen("login", "--region", "virginia", "--no-check", input=f"{text}\n", start_new_session=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert text not in ran.stdout
    assert credentials.for_turn(settings.load().with_options())[0].region == "virginia"
    assert jupyter_qwen("login", "--logout").stdout.startswith("Logged out")
    assert credentials.found(settings.load().with_options()) == []


def test_without_a_key_the_error_names_the_command_not_the_magic() -> None:
    ran = jupyter_qwen("doctor", "--offline")
    assert "log in:           jupyter qwen login" in ran.stdout
    assert "%qwen_login" not in ran.stdout


# --- prices -----------------------------------------------------------------------------------------------------------


def test_prices_are_the_catalogues_to_the_last_digit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "--model", "qwen3-max", "--region", "beijing", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    known = catalog.price("qwen3-max", "alibaba", "mainland", "CNY")
    assert known
    assert (row["source"], row["date"]) == (known.source, str(known.date))
    for told, tier in zip(row["tiers"], known.tiers, strict=True):
        assert (told["up_to"], Decimal(told["input"]), Decimal(told["output"])) == (tier.up_to, tier.input, tier.output)


def test_prices_are_those_of_the_logins_region(capsys: pytest.CaptureFixture[str]) -> None:
    credentials.save(Key(new_key(), "alibaba", region="beijing"), settings.load().with_options().data_dir)
    main(["prices"])
    told = capsys.readouterr().out
    assert "alibaba, beijing (mainland): CNY per million tokens" in told
    assert "Source: " in told


def test_users_own_prices_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    folder = settings.load().with_options().data_dir
    folder.mkdir(parents=True)
    (folder / "prices.toml").write_text(
        '[[price]]\nmodels = ["qwen3-max"]\nscopes = ["international"]\ncurrency = "USD"\ndate = 2026-11-20\n'
        'tiers = [{ input = "0.123", output = "4.56" }]\n'
    )
    main(["prices", "--model", "qwen3-max"])
    assert "0.123" in capsys.readouterr().out
    (folder / "prices.toml").unlink()
    catalog.load(None)


def test_an_unknown_model_names_near_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "--model", "qwen3-mx"]) == 1
    assert "qwen3-max" in capsys.readouterr().err


# --- usage and forget -------------------------------------------------------------------------------------------------


@pytest.fixture
def ledger() -> Ledger:
    """Three turns: two that cost, one of them stopped and of last month; one free."""
    ledger = Ledger(settings.load().with_options().data_dir / "ledger.sqlite")
    now = dt.datetime.now(dt.UTC)
    for number, (days, model, cost, error) in enumerate(
        [
            (0, "qwen3-max", Cost(amount=Decimal("0.0052001"), basis="computed"), "=HYPERLINK()"),
            (40, "qwen3-max", Cost(amount=Decimal("0.01"), basis="computed", bound="at_least"), ""),
            (0, "qwen2.5-coder-0.5b", Cost(basis="free"), ""),
        ]
    ):
        receipt = Receipt(
            id=f"turn-{number}",
            time=(now - dt.timedelta(days=days)).isoformat(),
            provider="alibaba",
            model=model,
            usage=Usage(input=1000, cached=600, output=50),
            cost=cost,
            error=error,
        )
        ledger.settle(receipt, Where(f"/notebooks/{number}.ipynb", "cell", "session"), text="an answer")
    ledger.close()
    return ledger


def test_usage_tells_by_model_and_in_all(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["usage"]) == 0
    told = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "qwen3-max ≥ $0.015 2 2,000 60 % 100" in lines
    assert "qwen2.5-coder-0.5b free 1 1,000 60 % 50" in lines
    assert "today $0.0052 1 1,000 60 % 50" in lines
    assert str(ledger.path) in told


def test_usage_can_be_narrowed(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    week = dt.date.today() - dt.timedelta(days=7)
    main(["usage", "--json", "--since", str(week), "--model", "qwen3-max"])
    told = json.loads(capsys.readouterr().out)
    assert [turn["turn"] for turn in told["turns"]] == ["turn-0"]
    assert [total["amount"] for total in told["totals"]] == ["0.0052001"]
    main(["usage", "--json", "--until", str(week)])
    assert [turn["turn"] for turn in json.loads(capsys.readouterr().out)["turns"]] == ["turn-1"]
    main(["usage", "--json", "--notebook", "/notebooks/2.ipynb"])
    assert [turn["turn"] for turn in json.loads(capsys.readouterr().out)["turns"]] == ["turn-2"]


def test_usage_as_csv_has_every_digit_and_no_formula(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    main(["usage", "--csv"])
    rows = {row["turn"]: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert rows["turn-0"]["amount"] == "0.0052001"
    assert rows["turn-0"]["error"] == "'=HYPERLINK()"


def test_usage_of_a_month_in_a_time_zone(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    month = dt.datetime.now(dt.UTC).strftime("%Y-%m")
    assert main(["usage", "--month", month, "--tz", "UTC"]) == 0
    told = capsys.readouterr().out
    assert "day, UTC" in told
    assert "model" in told
    assert f"{month}, UTC. List prices" in told
    main(["usage", "--month", month, "--tz", "UTC", "--json"])
    read = json.loads(capsys.readouterr().out)
    assert read["by"] == "day"
    assert {turn["turn"] for turn in read["turns"]} == {"turn-0", "turn-2"}
    assert main(["usage", "--month", month, "--since", "2026-11-01"]) == 1
    assert main(["usage", "--month", "november"]) == 1
    assert main(["usage", "--by", "day", "--tz", "Asia/Shanhai"]) == 1
    assert "--tz Asia/Shanghai" in capsys.readouterr().err


# --- the receipts in files --------------------------------------------------------------------------------------------


def written(path: Path, *receipts: Receipt, turns: tuple[str, ...] = ()) -> Path:
    """A notebook with receipts; the last one is shared by `turns`."""
    outputs = []
    for receipt in receipts:
        said = {"turns": list(turns)} if turns and receipt is receipts[-1] else {}
        data, metadata = receipt_words.bundle(receipt, **said)
        outputs.append({"output_type": "display_data", "data": data, "metadata": metadata})
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "%%qwen", "outputs": outputs}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_receipts_in_files_are_added_up_without_a_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared = tally.summed([make("0.01", turn="t1"), make("0.02", turn="t2")])
    replayed = make(cost=Cost(amount=Decimal(0), basis="replayed", replay_saved=Decimal("0.04")), status="replayed")
    one = written(tmp_path / "one.ipynb", make("0.5", turn="t0"), replayed, shared, turns=("t1", "t2"))
    yuan = make(cost=Cost(amount=Decimal("0.3"), currency="CNY", basis="computed"))
    two = written(tmp_path / "two.ipynb", make("0.5", turn="t0"), yuan)  # a copied cell, and one of its own
    assert main(["usage", str(one), str(two), str(one), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    sums = {total["currency"]: (total["amount"], total["turns"], total["replay_saved"]) for total in told["totals"]}
    assert sums == {"USD": ("0.53", 4, "0.04"), "CNY": ("0.3", 1, "0")}
    assert [len(file["totals"]) for file in told["files"]] == [1, 1]
    assert len(told["turns"]) == 4
    assert main(["usage", str(one), str(two)]) == 0
    table = capsys.readouterr().out
    assert [line.split()[2:4] for line in table.splitlines() if line.startswith("in all")] == [
        ["$0.53", "4"],
        ["¥0.30", "1"],
    ]
    assert "receipts that stand in these files only" in " ".join(table.split())
    assert not settings.load().with_options().data_dir.exists()


def test_what_only_the_ledger_knows_is_not_asked_of_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = written(tmp_path / "empty.ipynb")
    assert main(["usage", str(empty)]) == 0
    assert "No receipts there" in capsys.readouterr().out
    assert main(["usage", str(empty), "--by", "day"]) == 1
    assert main(["usage", str(tmp_path / "none.ipynb")]) == 1
    assert "none.ipynb can't be read" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["", "--json", "--csv"])
def test_usage_makes_no_ledger(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["usage", *filter(None, [form])]) == 0
    assert not settings.load().with_options().data_dir.exists()


def test_a_date_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["usage", "--since", "yesterday"]) == 1
    assert "`yesterday` is no date" in capsys.readouterr().err


def test_forgetting_takes_answers_and_only_when_told_so_what_was_spent(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["forget"]) == 1
    assert main(["forget", "--notebook", "/notebooks/0.ipynb"]) == 0
    assert (len(ledger.rows()), ledger.answers("/notebooks/0.ipynb")) == (3, [])
    assert ledger.answers("/notebooks/2.ipynb")
    assert main(["forget", "--all", "--spend"]) == 0
    assert ledger.rows() == []
    assert capsys.readouterr().out == "1 saved answer forgotten.\n3 turns forgotten.\n"


def test_forgetting_takes_threads_of_the_sidebar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = settings.load().with_options().data_dir / FILE
    threads = Threads(path, str(tmp_path))
    for notebook in ("a.ipynb", "b.ipynb", ""):
        threads.begin(uuid.uuid4().hex, Question(text="a secret plan"), notebook)
    assert main(["forget", "--notebook", str(tmp_path / "a.ipynb")]) == 0
    assert [thread.notebook for thread in threads.listed()] == ["", "b.ipynb"]
    assert main(["forget", "--before", "2001-01-01"]) == 0
    assert main(["forget", "--all"]) == 0
    assert threads.listed() == []
    threads.close()
    assert capsys.readouterr().out.splitlines() == [
        "0 saved answers and 1 thread forgotten.",
        "0 saved answers forgotten.",
        "0 saved answers and 2 threads forgotten.",
    ]
    assert not [file for file in path.parent.iterdir() if b"secret plan" in file.read_bytes()]


# --- doctor -----------------------------------------------------------------------------------------------------------


def test_the_doctor_tells_where_things_come_from_and_what_answers(
    provider: FakeProvider, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = new_key()
    monkeypatch.setenv("DASHSCOPE_API_KEY", text)
    monkeypatch.setenv("QWEN_MAGICS_BASE_URL", provider.base_url)
    monkeypatch.setenv("QWEN_MAGICS_MODLE", "qwen-plus")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hidden-word@proxy:3128")
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert text not in told
    assert "hidden-word" not in told
    for said in (f"sk-…{text[-4:]}", "DASHSCOPE_API_KEY", "QWEN_MAGICS_BASE_URL", "3 models", provider.base_url):
        assert said in told
    assert "Did you mean `QWEN_MAGICS_MODEL`?" in told
    assert [(seen.method, seen.path) for seen in provider.requests] == [("GET", "/v1/models")]


@pytest.mark.parametrize("ill", ["key", "address", "folder", "settings", "weights"])
def test_what_keeps_a_turn_from_working_is_a_problem(
    ill: str,
    provider: FakeProvider,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", new_key())
    monkeypatch.setenv("QWEN_MAGICS_BASE_URL", provider.base_url)
    if ill == "key":
        provider.keys = ("sk-another",)
    elif ill == "address":
        monkeypatch.setenv("QWEN_MAGICS_BASE_URL", "http://127.0.0.1:9/v1")
    elif ill == "folder":
        (tmp_path / "ledger.sqlite").write_bytes(b"no ledger, but some other file")
        monkeypatch.setenv("QWEN_MAGICS_DATA_DIR", str(tmp_path))
    elif ill == "settings":
        monkeypatch.setenv("QWEN_MAGICS_REGION", "mars")
    else:
        monkeypatch.setenv("QWEN_MAGICS_PROVIDER", "local")
        monkeypatch.delenv("QWEN_MAGICS_BASE_URL")
    assert main(["doctor", "--json"]) == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    words = {"key": "refused the key", "address": "No connection", "folder": "is no ledger", "settings": "mars"}
    assert words.get(ill, "jupyter qwen local fetch") in problem


def test_offline_nobody_is_asked_and_nothing_is_changed(
    provider: FakeProvider, own_jupyter: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", new_key())
    monkeypatch.setenv("QWEN_MAGICS_BASE_URL", provider.base_url)
    before = sorted(own_jupyter.rglob("*"))
    assert main(["doctor", "--offline", "--all"]) == 0
    assert provider.requests == []
    assert sorted(own_jupyter.rglob("*")) == before
    assert "guard_turn" in capsys.readouterr().out


# --- run --------------------------------------------------------------------------------------------------------------


def notebook(folder: Path, *cells: str) -> Path:
    """A notebook with one Markdown cell and these code cells."""
    made = v4.new_notebook(cells=[v4.new_markdown_cell("# A title"), *map(v4.new_code_cell, cells)])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "a notebook.ipynb"
    nbformat.write(made, path)
    return path


def printed(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))


def test_a_notebook_runs_with_its_path_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(tmp_path, "import os; print(os.environ['QWEN_MAGICS_NOTEBOOK'])", "print(os.getcwd())")
    before = path.read_bytes()
    assert main(["run", str(path)]) == 0
    assert printed(tmp_path / "a notebook-run.ipynb") == f"{path}\n{tmp_path}\n"
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a notebook-run.ipynb", "a notebook.ipynb"]


def test_a_cell_that_fails_ends_it_with_what_came_so_far(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(tmp_path, "print('before')", "1/0", "print('after')")
    assert main(["run", str(path), "--inplace"]) == 1
    assert printed(path) == "before\n"
    assert "Cell #3 failed: ZeroDivisionError: division by zero" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_an_interrupt_stops_the_cell_and_keeps_what_came(tmp_path: Path) -> None:
    """The kernel is interrupted, not killed: a turn in flight settles."""
    waits = (
        "try:\n    open('started', 'w').close(); time.sleep(60)\nexcept KeyboardInterrupt:\n    print('settled'); raise"
    )
    path = notebook(tmp_path, "import time; print('before')", waits)
    running = subprocess.Popen([*APP, "run", str(path), "--inplace"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < end:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    assert b"Stopped in cell #3." in out
    assert printed(path) == "before\nsettled\n"


@pytest.mark.parametrize(("content", "says"), [(None, "There is no notebook"), ("{", "can't be read as a notebook")])
def test_what_is_no_notebook_is_named(
    content: str | None, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.ipynb"
    if content is not None:
        path.write_text(content)
    assert main(["run", str(path)]) == 1
    assert says in capsys.readouterr().err


def test_a_kernel_that_is_not_there_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = notebook(tmp_path, "1")
    assert main(["run", str(path), "--kernel", "nope"]) == 1
    assert "There is no kernel `nope` here." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


# --- demo -------------------------------------------------------------------------------------------------------------


def test_the_demo_opens_a_copy_and_never_overwrites_one(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """JupyterLab's own `--version` stands for its start: it is the real program, with the copy as its argument."""
    folder = tmp_path / "demo"
    command = ["demo", "--folder", str(folder), "--provider", "alibaba", "--", "--version"]
    assert main(command) == 0
    assert capfd.readouterr().out.strip()[-1].isdigit()
    copy = folder / "quickstart.ipynb"
    assert copy.read_bytes() == (demo.examples() / "quickstart.ipynb").read_bytes()
    assert (folder / "costs.ipynb").is_file()
    assert (folder / "penguins.csv").exists()
    copy.write_text("mine")
    main(command)
    assert copy.read_text() == "mine"


def test_the_demo_opens_the_sidebar_in_a_workspace_of_its_own(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--folder", str(tmp_path), "--provider", "alibaba", "--", "--version"]) == 0
    (saved,) = (tmp_path / ".jupyterlab" / "workspaces").iterdir()
    assert json.loads(saved.read_text())["data"]["layout-restorer:data"]["right"]["current"] == demo.SIDEBAR


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without asking")
def test_who_ends_the_demo_ends_jupyterlab(tmp_path: Path) -> None:
    options = ["--folder", str(tmp_path), "--provider", "alibaba", "--", "--no-browser", "--port=0", "--allow-root"]
    command = [sys.executable, "-m", "qwen_magics.app", "demo", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo_:
        assert demo_.stdout is not None
        while "is running at" not in (line := demo_.stdout.readline()):
            assert line, "it ended by itself"
        (lab,) = psutil.Process(demo_.pid).children()
        demo_.terminate()
        demo_.communicate(timeout=30)
    assert not lab.is_running()


def test_the_demo_without_weights_says_how_to_fetch_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--folder", str(tmp_path)]) == 1
    assert "jupyter qwen local fetch" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
