"""`%qwen_estimate`: the price tag of Run All, and whether it is one that may be paid. Sends nothing."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING

from msgspec.structs import replace
from traitlets.config import Config

from qwen_magics import settings
from qwen_magics.display import estimate as display
from qwen_magics.display import figures
from qwen_magics.errors import GuardError, OptionError
from qwen_magics.magics import report
from qwen_magics.magics.arguments import Parser
from qwen_magics.magics.run_all import RunAll
from qwen_magics.settings.kinds import amount, amounts

if TYPE_CHECKING:
    from qwen_magics.magics.session import Session
    from qwen_magics.notebook.cells import Notebook
    from qwen_magics.turn.estimate import Estimate


def show(session: Session, line: str) -> None:
    """The table; with `--max` an error where it is over."""
    parser = Parser("%qwen_estimate")
    parser.add_argument("--max", dest="most")
    parser.add_argument("--allow-unknown", action="store_true")
    asked = parser.read(line)
    most = None if asked.most is None else limit(asked.most)
    # As a new kernel will see them, without what this one's %config changed: the notebook's own lines set it again.
    fresh = settings.load(SimpleNamespace(config=Config(Qwen=session.qwen.from_shell), configurables=[]))
    found = RunAll(as_written(session), fresh, session.ledger, session.namespace).estimate()
    report.show(session.shell, display.table(found))
    if most is not None:
        check(found, most, allow_unknown=asked.allow_unknown)


def as_written(session: Session) -> Notebook:
    """The notebook with the sources that will run: the document's where a cell was edited since it ran."""
    notebook = session.notebook()
    saved = session.here.document() if any(cell.edited for cell in notebook.cells) else None
    written = {cell.id: cell.source for cell in saved.cells if cell.id} if saved else {}
    cells = [replace(c, source=written.get(c.id, c.source)) if c.edited else c for c in notebook.cells]
    return replace(notebook, cells=tuple(cells))


def limit(text: str) -> dict[str, Decimal]:
    """`1.00`, `$1`, `5CNY`, `1 USD, 7 CNY` → amounts by currency, `""` where none is named. Raises OptionError."""
    try:
        found = amounts(text) if "," in text else dict([amount(text)[::-1]])
    except (ValueError, ArithmeticError):
        found = {}
    if not found:
        raise OptionError(f"--max {text}: that is no amount.", remedy='--max 1.00, --max "1.00 USD" or --max 5CNY')
    return found


def check(found: Estimate, most: dict[str, Decimal], *, allow_unknown: bool) -> None:
    """Raise GuardError where the worst case is over `most`, or where it is none because something is unknown.

    OptionError: prices in several currencies, and the limit names none.
    """
    sums = found.sums()
    if "" in most and len(sums) > 1:
        named = " and ".join(one.currency for one in sums)
        raise OptionError(f"--max names no currency, and there are prices in {named}.", remedy='--max "1 USD, 7 CNY"')
    unnamed = [one for one in sums if one.worst and not {one.currency, ""} & most.keys()]
    if unnamed:
        named, priced = (" and ".join(sorted(names)) for names in (most, {one.currency for one in sums}))
        raise GuardError(
            f"Run All is priced in {priced}, --max is in {named}: nothing is converted.",
            remedy=f'Name {" and ".join(one.currency for one in unnamed)} in --max too: --max "1 USD, 7 CNY"',
        )
    allowed = {one.currency: most.get(one.currency, most.get("", Decimal(0))) for one in sums}
    for one in found.over(allowed):
        raise GuardError(
            f"Run All may cost up to {figures.money(one.worst, one.currency)}, "
            f"over --max {figures.money(allowed[one.currency], one.currency)}.",
            remedy="Lower Qwen.max_tokens, leave cells out (--context), or raise --max.",
        )
    if found.unbounded and not allow_unknown:
        raise GuardError(
            f"What Run All may cost at most is not known: {display.listed(found.unbounded)}.",
            remedy="--allow-unknown goes by what is known.",
        )
