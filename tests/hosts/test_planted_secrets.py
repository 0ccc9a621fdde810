"""A key and many secrets are planted; a notebook runs well and badly; then everything that it leaves is searched."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import psutil
import pytest
from desk import environment
from fakes.provider import Answer, FakeProvider, refuse
from front_end import FrontEnd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

KEY = "sk-" + secrets.token_hex(16)
PRINTED_KEY = "sk-" + secrets.token_hex(16)  # in a variable of the environment, until the login


def mixed(length: int = 20) -> str:
    """What a password manager makes."""
    return "Aa1" + secrets.token_urlsafe(length).replace("-", "x").replace("_", "y")[: length - 3]


SECRETS = {
    "in code": "ghp_" + secrets.token_hex(18),
    "in a printed address": mixed(),
    "in a variable": mixed(),
    "in a traceback": mixed(),
    "in a frame's locals": mixed(),
    "in .env": mixed(),
    "in the environment": mixed(),
    "in a table": "AKIA" + secrets.token_hex(8).upper(),
    "in the question": "hf_" + secrets.token_hex(17),
    "in an attachment": mixed(),
    "in Markdown": "xoxb-" + f"{secrets.randbelow(10**11):011}-" + secrets.token_hex(12),
    "in a private key": secrets.token_hex(48),
    "in an exception's message": mixed(),
}

CELLS = f"""
import logging, os, sys, traceback
logging.basicConfig(level=logging.DEBUG, force=True)
%load_ext qwen_magics
---
import pandas as pd
%xmode Verbose
github = "{SECRETS["in code"]}"
print("postgresql://app:{SECRETS["in a printed address"]}@db.example.org:5432/app")
---
db_password = "{SECRETS["in a variable"]}"
print("connecting with", db_password)
---
def connect(host, password):
    raise ConnectionError(f"{{host}} refused {SECRETS["in a traceback"]}: password={SECRETS["in a traceback"]}")
connect("db.example.org", password="{SECRETS["in a frame's locals"]}")
---
print(open(".env").read())
---
print({{name: value for name, value in os.environ.items() if name == "SERVICE_TOKEN"}})
---
pd.DataFrame({{"aws": ["{SECRETS["in a table"]}"]}})
---
print('''-----BEGIN PRIVATE KEY-----
{SECRETS["in a private key"]}
-----END PRIVATE KEY-----''')
---
print("my key is", os.environ["DASHSCOPE_API_KEY"])
---
settings = {{"host": "db.example.org", "password": "{SECRETS["in an attachment"]}"}}
""".strip().split("\n---\n")

QUESTIONS = [
    f"%%qwen --think --with settings\nWhat does {SECRETS['in the question']} do? {{{{ db_password }}}}",
    "%qwen why did it fail?",
    "%qwen_fix",
    "%%qwen --dry-run\nHow much?",
    "%qwen_context",
    "%qwen_usage",
]
AFTER_A_FAILURE = """
error = sys.last_value
%tb
print("".join(traceback.format_exception(error)))
print("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
print(vars(error), [vars(one) for one in (error.__context__, error.__cause__) if one])
""".strip()

# Once in the notebook, and so in the prompts, is enough: it would grow with each.
INTO_A_FILE = "with open('traces.log', 'a') as log:\n" + "\n".join(
    f"    {line[:-1]}, file=log)" if line.startswith("print") else f"    {line}"
    for line in AFTER_A_FAILURE.splitlines()
)


class Left:
    """What the run left behind: its requests, and everything else by name."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.places: dict[str, bytes] = {}
        self.shown: list[str] = []


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    home = tmp_path_factory.mktemp("planted")
    left = Left()
    with FakeProvider(keys=(KEY,)) as provider:
        env = environment(home, provider) | {"SERVICE_TOKEN": SECRETS["in the environment"]}
        env["DASHSCOPE_API_KEY"] = PRINTED_KEY
        Path(home, ".env").write_text(f"SMTP_PASSWORD={SECRETS['in .env']}\nTIMEOUT=30\n", encoding="utf-8")
        notebook = new_notebook(cells=[new_markdown_cell(f"Bot token: {SECRETS['in Markdown']}")])
        notebook.cells += [new_code_cell(source) for source in CELLS]
        with FrontEnd(notebook, home / "notebook.ipynb", env) as lab:
            work(lab, provider, left)
            lab.save()
            left.places |= processes(lab.pid)
        left.requests = list(provider.requests)
        left.places["iopub"] = json.dumps(lab.heard, default=str, ensure_ascii=False).encode()
        left.places |= {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    return left


def work(lab: FrontEnd, provider: FakeProvider, left: Left) -> None:
    """Log in, ask, and fail in every way that there is."""
    for index in range(1, len(CELLS) + 1):
        lab.run_cell(index)
    assert "refused the key" in lab.run("%qwen who am I?").error  # the printed one
    left.shown.append(lab.run("%qwen_login --region singapore --no-check", typed=[KEY]).text)
    assert KEY[-4:] in left.shown[-1]
    lab.run("del os.environ['DASHSCOPE_API_KEY']")
    for question in QUESTIONS:
        ran = lab.run(question)
        assert ran.status == "ok", ran.error
    echo = f"Incorrect API key provided: {KEY}. Authorization: Bearer {KEY}"
    for number, step in enumerate((
        refuse(401, "invalid_api_key", echo),
        refuse(400, "invalid_parameter_error", echo),
        refuse(503, "ModelUnavailable", echo, headers={"Retry-After": "100"}),
        Answer(text=("half", "more"), error_after=1, error={"error": {"message": echo, "code": "internal_error"}}),
        Answer(text=("half", "more"), cut_after=900),
        Answer(raw=f"data: {{{echo}\n\n".encode()),
        Answer(text=("half", "more"), hang_after=1),
    )):  # fmt: skip
        provider.enqueue(step)
        failed = lab.run(f"%config Qwen.timeout = 1\n%config Qwen.attempts = 1\n%qwen hello, {SECRETS['in code']}?")
        assert failed.status == "error"
        left.shown.append(failed.error)
        assert lab.run(AFTER_A_FAILURE if number == 0 else INTO_A_FILE).status == "ok"
    secret = SECRETS["in an exception's message"]
    lab.run(f"class Odd:\n    def __repr__(self): raise ValueError('token={secret}')\nodd = Odd()")
    left.shown.append(lab.run("%%qwen --with odd\nWhat is odd about {{ odd }}?").error)
    left.shown.append(lab.run("%%qwen\nWhat is {{ connect('x', db_password) }}?").error)
    lab.run("del odd\n%config Qwen.base_url = 'http://127.0.0.1:9/v1'", "%qwen hello?")
    assert lab.run(INTO_A_FILE).status == "ok"
    lab.run("%qwen_login --region singapore", typed=[KEY])
    assert lab.run(INTO_A_FILE).status == "ok"
    lab.run("%config Qwen", "print(get_ipython()._qwen_magics_session.settings())")


def processes(pid: int) -> dict[str, bytes]:
    """Command line and environment of the kernel and its children."""
    kernel = psutil.Process(pid)
    found = {f"command of {pid}": " ".join(kernel.cmdline()).encode()}
    for child in kernel.children(recursive=True):
        found[f"command of {child.pid}"] = " ".join(child.cmdline()).encode()
        found[f"environment of {child.pid}"] = json.dumps(child.environ()).encode()
    found[f"environment of {pid}"] = Path(f"/proc/{pid}/environ").read_bytes()
    return found


def test_the_run_was_a_run(left: Left) -> None:
    """Or nothing would be searched."""
    questions = [seen for seen in left.requests if seen.path.endswith("/chat/completions")]
    assert len(questions) > 10
    assert sum(name.endswith((".sqlite", ".ipynb", ".log")) for name in left.places) >= 3
    assert any("history.sqlite" in name for name in left.places)
    text = b"".join(seen.raw for seen in questions)
    for part in (b"connecting with", b"ConnectionError", b"SMTP_PASSWORD", b"aws", b"Bot token", b"settings"):
        assert part in text
    assert b"[redacted: " in text


def test_the_key_is_only_in_its_own_file_and_in_the_authorization_header(left: Left) -> None:
    middle = KEY[6:24].encode()
    holders = [name for name, content in left.places.items() if middle in content]
    assert [name.rpartition("/qwen/")[2] for name in holders] == ["keys/alibaba.json"]
    assert Path(holders[0]).stat().st_mode & 0o077 == 0
    for seen in left.requests:
        assert middle not in seen.raw
        assert middle.decode() not in seen.path
        assert [name for name, value in seen.headers.items() if middle.decode() in value] in ([], ["authorization"])
    assert not [line for line in left.shown if middle.decode() in line]


def test_a_key_that_the_user_prints_stays_in_the_notebook(left: Left) -> None:
    middle = PRINTED_KEY[6:24].encode()
    assert not [seen for seen in left.requests if middle in seen.raw]
    holders = {Path(name).name for name, content in left.places.items() if middle in content}
    kernel = {name for name in holders if name.startswith("environment of")}
    assert holders - kernel <= {"notebook.ipynb", "iopub", "history.sqlite", "traces.log"}
    assert len(kernel) == 1  # where the user set it


@pytest.mark.parametrize("place", SECRETS)
def test_no_secret_reaches_the_provider(left: Left, place: str) -> None:
    secret = SECRETS[place].encode()
    for seen in left.requests:
        assert secret not in seen.raw, seen.raw[max(0, seen.raw.index(secret) - 200) :][:400]


@pytest.mark.parametrize("place", SECRETS)
def test_no_secret_is_kept_by_us(left: Left, place: str) -> None:
    """Not in the ledger, and not in what an answer's metadata says was asked."""
    secret = SECRETS[place]
    ours = {name: content for name, content in left.places.items() if "/qwen/" in name}
    assert ours
    assert [name for name, content in ours.items() if secret.encode() in content] == []
    notebook = json.loads(next(content for name, content in left.places.items() if name.endswith(".ipynb")))
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            assert secret not in json.dumps(output.get("metadata", {}))
