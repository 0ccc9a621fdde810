"""Redaction: no secret of any well-known shape leaves, look-alikes stay whole, and it is done in linear time."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import random
import subprocess
import sys
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from fakes.secret_makers import ALNUM, HEX, PLACED, SHAPES, Maker
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.context.redact import OWN, Found, Redacted, Redactor
from qwen_magics.context.secret_names import is_secret, says
from qwen_magics.context.secret_values import dotenv

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = 1000
plain = Redactor(environ={})


def words(text: str) -> str:
    return plain.redact(text).text


# --- where secrets stand: the hosts --------------------------------------------------------------------------------


def in_code(secrets: list[str]) -> str:
    return "\n".join(f"client{i} = Client('{secret}', retries=3)  # call {i}" for i, secret in enumerate(secrets))


def in_outputs(secrets: list[str]) -> str:
    return "\n".join(f"2026-11-23 10:00:{i % 60:02} INFO using {secret}, ok" for i, secret in enumerate(secrets))


def in_tracebacks(secrets: list[str]) -> str:
    return "\n".join(
        f'  File "a.py", line {i}, in call\n    raise ValueError("bad: {secret}\\n")\nValueError: bad: {secret}\\n'
        for i, secret in enumerate(secrets)
    )


def in_frames(secrets: list[str]) -> str:
    import pandas as pd

    frame = pd.DataFrame(
        {"name": [f"row {i}" for i in range(len(secrets))], "value": secrets, "n": range(len(secrets))}
    )
    with pd.option_context("display.max_colwidth", None, "display.width", 1000):
        return f"{frame}\n{frame.to_json()}\n{frame.to_csv(sep='|')}"


HOSTS = {"code": in_code, "outputs": in_outputs, "tracebacks": in_tracebacks, "frames": in_frames}


def leaks(secret: str, text: str) -> bool:
    """Whether the secret or a telling part of it still stands there."""
    part = max(8, len(secret) // 3)
    return secret in text or secret[-part:] in text


@pytest.mark.parametrize("shape", SHAPES)
def test_no_secret_of_a_well_known_shape_leaves(shape: str) -> None:
    """A thousand of each, a quarter of them in each host."""
    make = Maker(shape)
    secrets = [SHAPES[shape](make) for _ in range(SECRETS)]
    share = SECRETS // len(HOSTS)
    for i, host in enumerate(HOSTS.values()):
        mine = secrets[i * share : (i + 1) * share]
        for start in range(0, share, 50):
            redacted = plain.redact(host(mine[start : start + 50]))
            assert [secret for secret in mine[start : start + 50] if leaks(secret, redacted.text)] == []
            assert sum(found.count for found in redacted.found) >= 50


@pytest.mark.parametrize("place", PLACED)
def test_no_secret_leaves_that_its_place_betrays(place: str) -> None:
    make = Maker(place)
    for _ in range(SECRETS):
        around, secret = PLACED[place](make)
        assert not leaks(secret, words(f"before\n{around.format(secret)}\nafter"))


def test_a_password_in_a_url_leaves_the_rest_of_the_url() -> None:
    url = "postgresql://app:" + Maker(1).password() + "@db.internal:5432/sales"
    assert words(f"create_engine('{url}')") == (
        "create_engine('postgresql://app:[redacted: password]@db.internal:5432/sales')"
    )


def test_detectors_of_detect_secrets_find_nothing_more() -> None:
    """A well-kept rule set as the judge: after redaction its own shapes match nowhere in what we plant."""
    import importlib
    import pkgutil

    from detect_secrets import plugins
    from detect_secrets.plugins.base import RegexBasedDetector

    detectors = [
        thing()
        for module in pkgutil.iter_modules(plugins.__path__)
        for thing in vars(importlib.import_module(f"{plugins.__name__}.{module.name}")).values()
        if isinstance(thing, type) and issubclass(thing, RegexBasedDetector) and thing is not RegexBasedDetector
        if thing.__name__ not in ("IPPublicDetector", "PrivateKeyDetector")  # no secret; and our mark replaces blocks
    ]
    make = Maker("judge")
    planted = [f"x = '{build(make)}'" for build in SHAPES.values() for _ in range(20)]
    planted += [around.format(secret) for build in PLACED.values() for around, secret in [build(make)]]
    found = {(type(d).__name__, s) for d in detectors for line in planted for s in d.analyze_string(words(line)) if s}
    assert found == set()
    assert len({type(d).__name__ for d in detectors for line in planted if list(d.analyze_string(line))}) >= 14


# --- private keys ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""])
@pytest.mark.parametrize("spell", [str, repr, json.dumps, lambda text: text.replace("\n", "\n    ")])
def test_a_private_key_goes_as_a_whole(kind: str, spell: object) -> None:
    key = Maker(kind).pem(kind)
    spelled = spell(key)  # type: ignore[operator]
    mark = "[redacted: private key]"
    shown = words(f"key = {spelled} # done")
    assert shown in {f"key = {quote}{mark}{quote} # done" for quote in ("", "'", '"')}


def test_a_private_key_whose_beginning_or_end_was_cut_away_goes_too() -> None:
    lines = Maker(3).pem().split("\n")
    tail = "\n".join(["earlier text", *lines[3:], "later text"])
    head = "\n".join(["earlier text", *lines[:-3], "… [200 tokens left out] …"])
    assert words(tail) == "earlier text\n[redacted: private key]\nlater text"
    assert words(head) == "earlier text\n[redacted: private key]\n… [200 tokens left out] …"


def test_code_that_only_speaks_of_private_keys_stays() -> None:
    edge = "PRIVATE" + " KEY-----"
    code = f'assert pem.startswith("-----BEGIN {edge}")\nassert pem.endswith("-----END {edge}")\n'
    assert words(code) == code


# --- variables, .env and our own keys -------------------------------------------------------------------------------


def test_values_of_variables_whose_names_say_secret_become_their_names() -> None:
    make = Maker(5)
    names = {
        "db_password": make.password(),
        "API_TOKEN": make.of(ALNUM, 20),
        "smtp": {"host": "mail.example.org", "password": make.password()},
        "client_secret": make.of(ALNUM, 12).encode(),
        "table": {"rows": 3},
    }
    secrets = [names["db_password"], names["API_TOKEN"], names["smtp"]["password"], names["client_secret"].decode()]  # type: ignore[index,attr-defined]
    text = "\n".join(f"got <{secret}> there" for secret in secrets)
    assert Redactor(names, environ={}).redact(text).text == (
        "got <[redacted: db_password]> there\ngot <[redacted: API_TOKEN]> there\n"
        "got <[redacted: password]> there\ngot <[redacted: client_secret]> there"
    )


def test_a_value_that_lies_about_its_class_does_no_harm() -> None:
    class Sly:
        __class__ = property(lambda _: 1 / 0)  # type: ignore[assignment]

    Redactor({"sly": Sly(), "api_key": Sly()}, environ={})


def test_objects_that_hold_secrets_are_known_too() -> None:
    @dataclass
    class Settings:
        host: str
        api_key: str

    key = Maker(6).of(ALNUM, 24)
    redactor = Redactor({"settings": Settings("db.internal", key)}, environ={})
    assert redactor.redact(f"Settings(host='db.internal', '{key}')").text == (
        "Settings(host='db.internal', '[redacted: api_key]')"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "changed"),  # too short
        ("auth_token", "disabled"),  # a word
        ("auth_token", "BearerToken"),
        ("password", "12345678"),  # a number
        ("password", "2026-11-23"),
        ("secret", "/run/secrets/db"),  # a path
        ("private_key", "C:\\keys\\id_rsa"),
        ("client_secret", "config/prod/secret"),
        ("api_key", "DASHSCOPE_API_KEY"),  # another name
        ("password", "user_password"),
        ("access_token", "https://example.org/token"),
        ("token", "state-of-the-art"),  # a word of a text
        ("password", "********"),
        ("api_key", "your-key-here"),
        ("sort_key", "customer17x"),  # names that say no secret
        ("token_limit", "a1b2c3d4e5"),
        ("eos_token", "<|im_end|>"),
        ("max_tokens", "8192tokens"),
    ],
)
def test_values_that_can_be_no_secret_stay(name: str, value: str) -> None:
    text = f"It says {value} here."
    assert Redactor({name: value}, environ={}).redact(text).text == text


def test_a_known_value_is_replaced_only_as_a_whole_token() -> None:
    redactor = Redactor({"password": "hunter" + "2xyz"}, environ={})
    assert redactor.redact("hunter" + "2xyz42 and hunter" + "2xyz.").text == "hunter2xyz42 and [redacted: password]."


def test_a_long_key_is_found_where_a_table_shortens_it() -> None:
    key = Maker(8).of(ALNUM, 40)
    shown = Redactor({"api_key": key}, environ={}).redact(f"│ {key[:25]}… │").text
    assert shown == "│ [redacted: api_key]… │"


@pytest.mark.parametrize("spell", [repr, json.dumps, html.escape])
def test_a_known_value_is_found_however_it_is_spelled(spell: object) -> None:
    secret = "a\\b'c\"<d>&" + Maker(9).of(ALNUM, 6)
    spelled = spell(secret)  # type: ignore[operator]
    assert secret[-6:] not in Redactor({"password": secret}, environ={}).redact(f"x {spelled} y").text


def test_our_own_keys_go_and_take_the_name_of_their_variable() -> None:
    key, other = (Maker(i).of(ALNUM, 30) for i in (1, 2))
    redactor = Redactor({}, [key, other], environ={"DASHSCOPE_API_KEY": key})
    assert redactor.redact(f"{key} {other}").text == f"[redacted: DASHSCOPE_API_KEY] [redacted: {OWN}]"


def test_entries_of_dotenv_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, quoted = Maker(4).password(), Maker(5).password()
    (tmp_path / ".env").write_text(f"# keys\nexport DB_PASSWORD={secret} # old\nAPP_SECRET='{quoted}'\nDEBUG=true\n")
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    assert dotenv() == {"DB_PASSWORD": secret, "APP_SECRET": quoted, "DEBUG": "true"}
    assert Redactor().redact(f"<{secret}> <{quoted}>").text == "<[redacted: DB_PASSWORD]> <[redacted: APP_SECRET]>"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("DB_PASSWORD", "password"),
        ("dbPasswd", "password"),
        ("X-Api-Key", "secret"),
        ("aws_secret_access_key", "secret"),
        ("HF_TOKEN", "secret"),
        ("OPENAI_KEY", "perhaps"),
        ("token", "perhaps"),
        ("password_field", ""),
        ("tokens", ""),
        ("primary_key", ""),
        ("publicKeyToken", ""),
        ("keyboard", ""),
        ("monkey", ""),
        ("n_tokens", ""),
        ("compass", ""),
    ],
)
def test_what_names_say(name: str, what: str) -> None:
    assert says(name) == what


# --- look-alikes ----------------------------------------------------------------------------------------------------

rng = random.Random(2026)
LOOKALIKES = [
    *(str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(200)),
    *(hashlib.sha1(bytes([i])).hexdigest() for i in range(200)),
    *(hashlib.sha256(bytes([i])).hexdigest() for i in range(200)),
    *(f"sha512-{base64.b64encode(hashlib.sha512(bytes([i])).digest()).decode()}" for i in range(100)),
    "data:image/png;base64," + base64.b64encode(rng.randbytes(60_000)).decode(),
    "\n".join(base64.encodebytes(rng.randbytes(3_000)).decode().splitlines()),
    "TOKEN_LIMIT=512",
    "max_tokens=8192, stop_token='<|im_end|>', pad_token_id=151643",
    "password = getpass()",
    'password = getpass.getpass("Password for the database: ")',
    'key = os.environ["API_KEY"]',
    'api_key = os.getenv("DASHSCOPE_API_KEY", "")',
    "client = OpenAI(api_key=settings.openai_key1, base_url=BASE_URL)",
    'headers = {"Authorization": f"Bearer {token}"}',
    "token = response.json()['token']",
    "for token in tokenizer.tokenize(text2): print(token)",
    "[{'token': 'Washington', 'score': 0.9983}, {'token': 'state-of-the-art', 'score': 0.5}]",
    "df.sort_values('primary_key'); df['key'] == 'customer_17'",
    "def login(user: str, password: str | None = None) -> Token: ...",
    "#ff8800 #a1b2c3 rgba(12, 34, 56, 0.5)",
    "pip install sk-learn scikit-image sk-image sk-learn-contrib-lightning==0.6.2",
    "https://example.org/sk-2024-annual-report-final.html?page=2&sort=key",
    "from sklearn.model_selection import cross_val_score, StratifiedShuffleSplit",
    "http://localhost:8888/lab https://user@example.org git@github.com:team/repo.git",
    "postgresql://app:{password}@db/sales postgresql://app:$DB_PASSWORD@db/sales postgresql://app:***@db/sales",
    "The password must have at least 8 characters; the token expires in 3600 seconds.",
    "Basic understanding of Bearer authentication and OAuth2-proxies",
    "commit 8f43015 (HEAD -> main) Author: someone <someone@example.org>",
    "numpy==2.4.6 --hash=sha256:" + hashlib.sha256(b"numpy").hexdigest(),
    "AKIRA ASIAN LTAIX eyJhbGciOi and AIzawa are no keys; neither is hf_hub_download or ms-python.python",
    "model.layers.17.self_attn.q_proj.weight torch.Size([4096, 4096])",
    "2026-11-23T10:00:00.123456Z 192.168.0.1:8080 MAC 00:1A:2B:3C:4D:5E IBAN DE89370400440532013000",
    "secret_santa = ['Ana', 'Ben']; key_error = KeyError('token')",
]


@pytest.mark.parametrize("text", LOOKALIKES[700:], ids=lambda text: text[:40])
def test_look_alikes_stay_whole(text: str) -> None:
    assert plain.redact(text) == Redacted(text)


def test_hashes_and_uuids_stay_whole_wherever_they_stand() -> None:
    for word in LOOKALIKES[:700]:
        for text in (word, f"id: {word}", f"'{word}',", f"| {word} |", f"https://example.org/{word}?v={word}"):
            assert words(text) == text


# --- what holds for every text --------------------------------------------------------------------------------------


def test_the_same_secret_has_the_same_mark_everywhere_in_a_text() -> None:
    secret = Maker(11).of(ALNUM, 16)
    text = f"connect(password='{secret}')\nerror: login with {secret} failed\npostgres://u:{secret}@h/db"
    marked = plain.redact(text)
    assert marked.text.count("[redacted: password]") == 3
    assert marked.found == (Found("password", 3),)


def test_what_was_redacted_before_does_not_matter() -> None:
    secret = Maker(12).of(ALNUM, 16)
    bare = f"it is {secret}"
    before = words(bare)
    words(f"password='{secret}'")
    assert words(bare + " ")[:-1] == before == bare


def test_redaction_does_not_depend_on_the_process() -> None:
    make = Maker(13)
    text = "\n".join(build(make) for build in SHAPES.values())
    code = (
        "import sys; from qwen_magics.context.redact import Redactor\n"
        "sys.stdout.write(Redactor(environ={}).redact(sys.stdin.read()).text)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], input=text, capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1] == words(text)


@given(st.text(max_size=400) | st.text("passwordkeytoken=:'\" \n/@.x1Zsk-_eyJ[]redacted", max_size=200))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = words(text)
    assert words(once) == once


@given(st.text("abc \n|,", max_size=100), st.text("abc \n|,", max_size=100), st.sampled_from(sorted(SHAPES)))
def test_what_stands_around_a_secret_stays(before: str, after: str, shape: str) -> None:
    secret = SHAPES[shape](Maker(before))
    shown = words(f"{before} '{secret}' {after}")
    assert shown.startswith(f"{before} '[redacted: ")
    assert shown.endswith(f"' {after}")


ADVERSARIAL = {
    "one letter": "a" * 2_000_000,
    "dashes": "-" * 2_000_000,
    "key edges": ("-----BEGIN RSA PRIVATE" + " KEY-----\n") * 20_000,
    "half a key": "-----BEGIN PRIVATE" + " KEY-----\n" + "A" * 500_000,
    "body without a key": ("A" * 64 + "\n") * 20_000 + "-----END PRIVATE" + " KEY-----",
    "schemes": "://" * 300_000,
    "users": "a://" + "b" * 500_000,
    "names": "password" * 100_000,
    "assignments": "password='" * 50_000,
    "spaces": "password " + " " * 500_000,
    "bars": "token | " * 100_000,
    "bearers": "Bearer " * 100_000,
    "web tokens": "eyJ" * 300_000,
    "dotted web tokens": "eyJaaaaaaaa." * 50_000,
    "prefixes": "sk-" * 300_000,
    "dotted": "a.b" * 300_000,
    "backslashes": 'password="' + "\\" * 300_000,
    "brackets": "secret[[[[ = " * 50_000,
    "annotations": "token: " * 100_000,
    "digits": "1234567890:AA" * 50_000,
    "halves": "AKIA" * 300_000,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", ADVERSARIAL)
def test_no_text_is_too_hard(name: str) -> None:
    """Each takes a second or so; a pattern that backtracks would need hours, and the time-out ends it."""
    text = ADVERSARIAL[name]
    shown = Redactor({"x_password": f"{name}1!"}, environ={}).redact(text).text
    assert len(shown) <= 3 * len(text)


@given(st.text(max_size=60))
def test_a_value_that_can_be_a_secret_is_never_short_or_a_number(text: str) -> None:
    if is_secret(text):
        assert len(text) >= 8
        assert not text.replace(".", "").isdecimal()


def test_hex_that_a_name_calls_a_key_goes_though_hashes_stay() -> None:
    key = Maker(14).of(HEX, 32)
    assert words(f'AZURE_API_KEY = "{key}"') == 'AZURE_API_KEY = "[redacted: secret]"'
    assert words(f'checksum = "{key}"') == f'checksum = "{key}"'
