"""%qwen_context --what-if and %%qwen --what-if in a real shell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fakes.provider import Answer
from fakes.shells import run

if TYPE_CHECKING:
    import pytest
    from fakes.provider import FakeProvider
    from IPython.core.interactiveshell import InteractiveShell

LOG = "print('\\n'.join(f'epoch {n}: loss {7919 * n % 997 / 997:.4f}' for n in range(400)))"


def test_it_lays_every_way_beside_now_and_sends_nothing(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, "print('a table')")
    told = run(shell, "%qwen_context --what-if what is shown here?")
    assert re.search(r"^▸ qwen3-max, Singapore +\$0\.00\d+ +now +\$0\.04", told, re.MULTILINE)
    assert re.search(r"^qwen2.5-coder-0.5b, here +free", told, re.MULTILINE)
    assert "Nothing was sent" in told
    assert run(shell, "%%qwen --what-if\nwhat is shown here?").splitlines()[:9] == told.splitlines()[:9]
    assert provider.requests == []


def test_it_needs_no_key_and_knows_those_that_are_there(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    line = "%qwen_context -p alibaba --what-if --full why?"
    without = run(shell, line)
    assert re.search(r"^qwen3-max, OpenRouter .* other key$", without, re.MULTILINE)
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-v1-" + "0" * 64)
    assert re.search(r"^qwen3-max, OpenRouter [^k]*$", run(shell, line), re.MULTILINE)


def test_full_shows_all_of_them(shell: InteractiveShell) -> None:
    short, whole = run(shell, "%qwen_context --what-if why?"), run(shell, "%qwen_context --what-if --full why?")
    assert len(whole.splitlines()) > 80 > 40 > len(short.splitlines())


def test_a_long_context_shows_what_trimming_is_worth(shell: InteractiveShell) -> None:
    for _ in range(50):
        run(shell, LOG)
    told = run(shell, "%qwen_context --trim off --what-if why does the loss rise?")
    assert re.search(r"^trimmed by [\d,]+ to \d\d,\d{3} +\$0\.0\d+ +−\d\d %", told, re.MULTILINE)
    assert re.search(r"^in two requests ", told, re.MULTILINE)
    assert re.search(r"^Trimming #\d+ and \d+ more saves \$0\.0\d+ \(`--trim tier`\)", told, re.MULTILINE)
    told = run(shell, "%qwen_context --what-if why does the loss rise?")
    assert re.search(r"^untrimmed, \d\d,\d{3} tokens +\$0\.1\d* +\+\d+ %", told, re.MULTILINE)
    assert re.search(r"^Trimming #\d+ and \d+ more saves \$0\.0\d+ already", told, re.MULTILINE)


def test_what_trimming_saves_is_the_same_in_both_tables(shell: InteractiveShell, provider: FakeProvider) -> None:
    """The hits that the whole prompt would have had count in both."""
    run(shell, f"known = {'what is known of penguins ' * 300!r}")
    run(shell, "%%qwen\nwhy?")
    for _ in range(50):
        run(shell, LOG)
    told = run(shell, "%qwen_context and why does the loss rise?")
    assert "hit?" in told
    (whole,) = re.findall(r"Trimmed [^:]*:\s+≈?\s*(\$[\d.]+)\s+→", told)
    laid = run(shell, "%qwen_context --what-if and why does the loss rise?")
    assert re.search(rf"^untrimmed, \d\d,\d{{3}} tokens +{re.escape(whole)} ", laid, re.MULTILINE)


def test_one_who_asks_the_local_model_sees_what_others_would_take(shell: InteractiveShell) -> None:
    told = run(shell, "%qwen_context -p local --what-if why?")
    assert re.search(r"^▸ Qwen2.5-Coder-0.5B, here +free +now", told, re.MULTILINE)
    assert re.search(r"^qwen3-max, ", told, re.MULTILINE)


def test_a_model_that_nobody_knows_is_unpriced_and_the_others_are_not(shell: InteractiveShell) -> None:
    told = run(shell, "%qwen_context -m qwen9-max --what-if why?")
    assert re.search(r"^▸ qwen9-max, Singapore +unpriced +now", told, re.MULTILINE)
    assert re.search(r"^qwen-flash, Singapore +\$", told, re.MULTILINE)


def test_what_the_cache_holds_is_priced_without_too(shell: InteractiveShell, provider: FakeProvider) -> None:
    provider.enqueue(Answer())
    run(shell, "text = '''" + "All work and no play makes a dull table. " * 400 + "'''")
    run(shell, "%%qwen\nwhy?")
    told = run(shell, "%qwen_context --what-if and why not?")
    assert re.search(r"^no cache +\$0\.0\d+ +\+\d+ %", told, re.MULTILINE)
    assert not re.search(r"^implicit cache, hit", told, re.MULTILINE)
