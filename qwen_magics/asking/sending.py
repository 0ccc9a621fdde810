"""What holds before anything leaves: which secrets are known here, who forbids sending, what is said at first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qwen_magics.asking import trimming
from qwen_magics.errors import LedgerError, SendingForbidden

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qwen_magics.context.redact import Redactor
    from qwen_magics.ledger import Ledger, Prompt
    from qwen_magics.provider.endpoints import Endpoint
    from qwen_magics.settings import Settings
    from qwen_magics.turn import Plan
    from qwen_magics.values import Progress, Sent


def redactor(settings: Settings, names: Mapping[str, object]) -> Redactor:
    """Knows the secrets of this place: `names` are the user's variables; environment, .env and our own keys."""
    from qwen_magics import credentials
    from qwen_magics.context.redact import Redactor

    keys = [key.reveal() for key in credentials.all_known_keys(settings)]
    return Redactor(names, own_keys=keys)


def allowed(metadata: Mapping[str, Any], endpoint: Endpoint) -> None:
    """Raises SendingForbidden where the notebook's metadata says that nothing of it may leave this machine."""
    own = metadata.get("qwen_magics")
    if endpoint.provider != "local" and isinstance(own, dict) and own.get("send") is False:
        raise SendingForbidden(
            "This notebook forbids sending (its metadata says qwen_magics.send = false). Nothing was sent.",
            remedy='Use the local model: %config Qwen.provider = "local"',
        )


def ready(planned: Plan, metadata: Mapping[str, Any], on_progress: Callable[[Progress], None] | None = None) -> Plan:
    """The plan allowed and able to leave, its line saying what goes where for the first time. `metadata` is the
    notebook's.

    Raises SendingForbidden, NoKey, LocalModelError or GuardError. Nothing has left or is reserved then.
    """
    allowed(metadata, planned.endpoint)
    first = first_time(planned.ledger, planned.ask.place.notebook, planned.endpoint, planned.ask.sent)
    return planned.ready(on_progress).noted(*first, *trimming.notes(planned))


def first_time(ledger: Ledger, notebook: str, to: Endpoint, sent: Sent) -> tuple[str, ...]:
    """What goes where, said once per notebook and provider; nothing afterwards."""
    if to.provider == "local" or ledger.has_sent(notebook, to.provider, to.region):
        return ()
    if not sent.cells:
        return (f"the question alone → {to.label}",)
    what = _count(sent.cells, "cell")
    if sent.outputs:
        what += f" and {_count(sent.outputs, 'output')}"
    return (f"{what} → {to.label}",)


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def before(ledger: Ledger, notebook: str) -> tuple[Prompt, ...]:
    """What its last prompts were. A ledger that can't be read tells of none; whether a turn may go is decided later."""
    try:
        return tuple(ledger.prompts(notebook))
    except LedgerError:
        return ()
