"""Reports as tables and bars, in every form."""

from decimal import Decimal

from qwen_magics.display import chart
from qwen_magics.display.chart import Bar
from qwen_magics.display.table import Column, Table, width

TABLE = Table(
    columns=(Column("what goes along"), Column("tokens", "right"), Column("save", "right"), Column("", quiet=True)),
    rows=(
        ("#1 import <b>|x", "96", "$0.000046", "hit?"),
        ("#2 企鹅 é", "1,204", "▲ $0.040", "1 secret redacted"),
    ),
    foot=("1,300 of 258,048", "", "$0.080", ""),
    sentences=("▲ 392 tokens past 32K. `--trim tier` shortens #5.",),
)


def test_plain_text_is_aligned_as_a_terminal_shows_it() -> None:
    assert TABLE.plain().split("\n") == [
        "what goes along   tokens       save",
        "──────────────────────────────────────────────────────",
        "#1 import <b>|x       96  $0.000046  hit?",
        "#2 企鹅 é          1,204   ▲ $0.040  1 secret redacted",
        "──────────────────────────────────────────────────────",
        "1,300 of 258,048             $0.080",
        "▲ 392 tokens past 32K. `--trim tier` shortens #5.",
    ]
    assert width("企鹅 e\u0301") == 6


def test_markdown_is_a_table_that_no_cell_can_break() -> None:
    lines = TABLE.markdown().split("\n")
    assert lines[1] == "|:--|--:|--:|:--|"
    assert lines[2] == "| #1 import &lt;b>&#124;x | 96 | \\$0.000046 | hit? |"
    assert lines[4] == "| **1,300 of 258,048** |  | **\\$0.080** |  |"


def test_html_is_escaped_and_stresses_what_loses_money() -> None:
    html = TABLE.html()
    assert "#1 import &lt;b&gt;|x" in html
    assert html.count("▲") == 2
    assert ">--trim tier</code>" in html
    assert html.count("class=") == 1  # no MathJax, please
    assert set(TABLE._repr_mimebundle_()) == {"text/html", "text/markdown", "text/plain"}


BARS = [Bar("<mon>", Decimal("0.10"), "$0.10"), Bar("tue", Decimal("0.0001"), "$0.00010"), Bar("wed", Decimal(0), "–")]


def test_bars_are_in_proportion_and_what_is_not_nothing_can_be_seen() -> None:
    assert chart.plain(BARS).split("\n") == ["<mon> " + "█" * 24 + " $0.10", "  tue ▏ $0.00010", "  wed  –"]
    drawn = chart.html(BARS, "Spent")
    assert [f"width:{long}px" in drawn for long in (220, 1, 0)] == [True, True, True]
    assert "&lt;mon&gt;" in drawn


def test_nothing_spent_is_no_division_by_zero() -> None:
    assert chart.html([], "Spent") == ""
    assert chart.plain([Bar("mon", Decimal(0), "–")]) == "mon  –"
