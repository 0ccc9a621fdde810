"""%qwen_context, --dry-run, --full and --diff in a real shell: what is shown is what would be sent, and nothing is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from fakes.provider import Answer
from fakes.shells import run
from IPython.core.displaypub import CapturingDisplayPublisher

from qwen_magics.turn.replays import Replays

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.provider import FakeProvider
    from IPython.core.interactiveshell import InteractiveShell

BIG = "print('\\n'.join(f'2026-11-24 10:00:{n % 60:02} INFO batch {n}' for n in range(900)))"
LONG = "words = '" + "word " * 3_000 + "'"


def bundles(shell: InteractiveShell, cell: str) -> list[dict[str, str]]:
    """What a cell displays, in every form."""
    shell.display_pub = CapturingDisplayPublisher(parent=shell)
    assert shell.run_cell(cell, store_history=True).success
    return [output["data"] for output in shell.display_pub.outputs]


def sent_by(shell: InteractiveShell, provider: FakeProvider, cell: str) -> Any:
    """The body that asking really sends."""
    provider.enqueue(Answer())
    run(shell, cell)
    return provider.requests[-1].body


def test_full_is_the_body_that_leaves_and_the_key_is_not_in_it(shell: InteractiveShell, provider: FakeProvider) -> None:
    key = "sk-" + "0" * 32
    run(shell, f"x = {key[:9]!r} + {key[9:]!r}\nprint('<b>bold</b>', x)")
    (told,) = bundles(shell, "%%qwen --full\nWhat is <x>?")
    assert provider.requests == []
    head, _, body = told["text/plain"].partition("\n\n")
    assert f"{provider.base_url}/chat/completions" in head
    assert key not in told["text/plain"] + told["text/html"]
    assert "<b>" not in re.sub(r"<b>(system|user|assistant|the JSON, whole)</b>", "", told["text/html"])
    assert "&lt;x&gt;" in told["text/html"]
    assert json.loads(body) == sent_by(shell, provider, "%%qwen\nWhat is <x>?")


def test_full_shows_the_limits_that_a_budget_leaves(shell: InteractiveShell, provider: FakeProvider) -> None:
    (told,) = bundles(shell, "%%qwen --full --budget 0.02\nWhy?")
    head, _, body = told["text/plain"].partition("\n\n")
    assert "It would go with less: answer limit" in head
    assert json.loads(body) == sent_by(shell, provider, "%%qwen --budget 0.02\nWhy?")
    (told,) = bundles(shell, "%%qwen --full --budget 0.0001\nWhy?")
    assert "It would be refused: This turn may cost up to" in told["text/plain"].partition("\n\n")[0]


def test_a_ledger_that_cannot_be_opened_hinders_no_look(shell: InteractiveShell, tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("no database at all " * 100)
    run(shell, f"%config Qwen.data_dir = {str(tmp_path)!r}")
    for look in ("", "--full", "--diff", "--what-if"):
        run(shell, f"%qwen_context {look} why?")
    assert "It would be refused: The ledger" in " ".join(run(shell, "%qwen_context why?").split())
    assert "LedgerError" in run(shell, "%%qwen\nwhy?", fails=True)


def test_diff_tells_what_is_new_since_the_last_question(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, LONG)
    assert "nothing was asked of" in " ".join(run(shell, "%qwen_context --diff why?").split())
    sent_by(shell, provider, "%%qwen\nwhy?")
    asked = len(provider.requests)
    run(shell, "x = 1")
    told = run(shell, "%%qwen --diff\nAnd x?")
    assert re.search(r"^#\d+ x = 1 +is new", told, re.MULTILINE)
    assert re.search(r"^#\d+ question, answer +was answered", told, re.MULTILINE)
    assert "probably come from the cache" in told
    assert len(provider.requests) == asked


def test_the_cache_column_tells_a_hit_from_what_is_new(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, LONG)
    sent_by(shell, provider, "%%qwen\nwhy?")
    told = run(shell, "%qwen_context and now?")
    assert re.search(r"^#1 .* hit\?$", told, re.MULTILINE)
    assert re.search(r"^the question .* new$", told, re.MULTILINE)


def test_what_matters_is_said_with_a_line_to_paste(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, BIG)
    words = " ".join(run(shell, "%qwen_context why?").split())
    assert re.search(r"\d\d % of this is cell #1's log\. `--without #1`: \$[\d.]+ → \$[\d.]+\.", words)
    assert "No basis yet for a range" in words
    shorter = run(shell, "%qwen_context --without #1 why?")
    assert "#1" not in shorter.split("Left out")[0]
    assert "Left out: #1." in shorter
    assert provider.requests == []


def test_a_table_keeps_to_eighty_columns(shell: InteractiveShell) -> None:
    run(shell, "a_rather_long_name_for_a_variable = 'and ' * 20 # and a comment\n" + BIG)
    told = run(shell, "%qwen_context why?")
    assert max(map(len, told.splitlines())) <= 80


def test_a_dearer_tier_is_said_with_the_way_out(shell: InteractiveShell, provider: FakeProvider) -> None:
    for _ in range(4):
        run(shell, "words = '" + "word " * 9_000 + "'")
    words = " ".join(run(shell, "%qwen_context why?").split())
    assert re.search(r"▲ [\d,]+ tokens past 32,000: the whole request costs double\.", words)
    assert re.search(r"`--without #\d`: \$0\.\d+ → \$0\.\d+\.", words)
    assert provider.requests == []


def test_trimming_is_offered_where_it_would_help_and_said_where_it_did(shell: InteractiveShell) -> None:
    for _ in range(70):
        run(shell, "print('word ' * 700)")
    offered = " ".join(run(shell, "%qwen_context --trim off why?").split())
    assert re.search(r"With `--trim tier`: trimmed #.* by [\d,]+ tokens: ≈ \$0\.\d+ → \$0\.\d+\.", offered)
    done = " ".join(run(shell, "%qwen_context why?").split())
    assert re.search(r"Trimmed #.* by [\d,]+ tokens: ≈ \$[\d.]+ → \$[\d.]+; `--trim off` sends it whole\.", done)


def test_where_no_cell_is_enough_the_oldest_together_are(shell: InteractiveShell) -> None:
    for n in range(12):
        run(shell, f"words_{n} = '" + "word " * 3_500 + "'")
    told = run(shell, "%qwen_context why?")
    (run_of,) = re.findall(r"`--without (#\d+\.\.\d+)`: \$0\.\d+ → \$0\.\d+\.", " ".join(told.split()))
    assert told.count("`--without") <= 4  # one in the sentence, three in the table
    assert "▲" not in run(shell, f"%qwen_context --without {run_of} why?")


def test_of_hundreds_of_cells_the_small_ones_stand_together_and_it_still_adds_up(shell: InteractiveShell) -> None:
    for n in range(130):
        run(shell, f"x_{n} = {'1 + ' * (n % 13)}1")
    told = run(shell, "%qwen_context why?")
    assert re.search(r"^#\d+ to #\d+ \d+ cells +[\d,]+ +\$[\d.]+$", told, re.MULTILINE)
    assert len(told.splitlines()) < 120
    items = re.findall(
        r"^(?!answer)(?:#|instructions|the question|message).*?  +([\d,]+)  +\$[\d.]+", told, re.MULTILINE
    )
    (total,) = re.findall(r"^([\d,]+) of 258,048", told, re.MULTILINE)
    assert sum(int(number.replace(",", "")) for number in items) == int(total.replace(",", ""))


def test_it_comes_in_every_form(shell: InteractiveShell) -> None:
    run(shell, "x = '<b>|$'")
    (told,) = bundles(shell, "%qwen_context why?")
    assert set(told) == {"text/html", "text/markdown", "text/plain"}
    assert "<b>|" not in told["text/html"] + told["text/markdown"]
    assert "| #1 x = '&lt;b>&#124;\\$' |" in told["text/markdown"]


def test_a_question_that_would_be_replayed_says_so(shell: InteractiveShell, provider: FakeProvider) -> None:
    sent_by(shell, provider, "%%qwen --context none\nwhy?")
    session = shell._qwen_magics_session  # type: ignore[attr-defined]
    words = "A saved answer to this very question would be shown again, at no cost"
    session.id = "another session"
    session.replays = Replays(session.id)
    for _ in range(2):  # looking takes nothing
        assert words in " ".join(run(shell, "%qwen_context --context none why?").split())
    assert words not in " ".join(run(shell, "%qwen_context --fresh --context none why?").split())
    assert words not in " ".join(run(shell, "%qwen_context --context none why not?").split())


def test_no_money_stands_where_none_is_paid(shell: InteractiveShell) -> None:
    run(shell, "x = 1")
    told = run(shell, "%qwen_context -p local why?")
    assert "free" in told
    assert "$" not in told
    assert "costs" not in told.splitlines()[0]


def test_a_short_prompt_takes_under_one_per_cent_of_the_window(shell: InteractiveShell) -> None:
    assert re.search(r"[Uu]nder 1 % of the window", " ".join(run(shell, "%qwen_context why?").split()))


def test_cut_outputs_are_shortened_and_not_left_out(shell: InteractiveShell) -> None:
    run(shell, "%config Qwen.max_input = 2_000")
    run(shell, BIG)
    told = " ".join(run(shell, "%qwen_context why?").split())
    assert re.search(r"Shortened: outputs of #2 cut to [\d,]+ tokens each\.", told)
    assert re.search(r"outputs cut by about [\d,]+", told)
    assert "Left out" not in told
