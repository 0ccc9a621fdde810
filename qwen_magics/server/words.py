"""What to do when something went wrong, as the sidebar says it: the errors' own remedies are lines for cells, which a
sidebar doesn't have.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qwen_magics import errors

if TYPE_CHECKING:
    from qwen_magics.errors import QwenError

_KINDS: tuple[tuple[type[QwenError], str], ...] = (  # the first that fits
    (errors.Stopped, ""),
    (errors.OverCeiling, "Ask for less, or raise the budget in the usage view."),
    (errors.Unbounded, "Send it all the same, or set a budget in its currency in the usage view."),
    (errors.GuardError, "Send it all the same, or switch off what it can do without."),
    (errors.BrokenStream, "What came is kept; ask it to go on, or to answer anew."),
    (errors.InputTooLong, "Switch off what it can do without, or choose a model with a larger window."),
    (errors.Moderated, "Switch off what it may object to, or ask in other words."),
    (errors.SendingForbidden, "The local model may see it: choose it among the models."),
)
_LINES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(found), said)
    for found, said in (
        (r'%config Qwen\.(?:provider|model) = "([^"…]+)"', r"choose \1 among the models"),
        (r"%config (Qwen\.\w+ = )", r"in jupyter_qwen_config.py: c.\1"),
        (r", %config Qwen the settings", ""),
        (r"-m ([^,]+), or -m /path/to/model\.gguf, or -p alibaba", r"choose \1, or another provider's model"),
        (r" among the models, or -m /path/to/model\.gguf, or -p alibaba", ", or another provider's model"),
        (r"%qwen_login", "jupyter qwen login"),
        (r" {2,}", " "),
        (r": %qwen_models lists them", ""),
        (r" with -m\b", ""),
        (r"%qwen_models lists", "the list of models has"),
        (r"%qwen_context shows", "“What is sent” shows"),
        (r"; --without #n leaves a cell out", "; switch off what it can do without"),
        (r"%env (\w+)=", r"set for the server: \1="),
        (r"%env (\w+)", r"The server's \1"),
        (r"%pip ", "pip "),
        (r"(?i)run the cell again(?: to ask again)?", "ask again"),
        (r"; %%qwen --continue goes on from there", "; ask it to go on"),
    )
)


def remedy(error: QwenError) -> str:
    """What to do, in a sidebar."""
    for kind, said in _KINDS:
        if isinstance(error, kind):
            return said
    said = error.remedy
    for found, instead in _LINES:
        said = found.sub(instead, said)
    return said[:1].upper() + said[1:] if not said.startswith("jupyter ") else said
