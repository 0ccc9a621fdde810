"""Settings: the traits of `%config Qwen`, where their values come from, and the snapshot that one turn uses.

First step of every turn, and of `jupyter qwen`. Not here: keys (`credentials`), which models exist (`catalog`),
where a region's host lies (`provider.endpoints`).

A magic's option wins over `%config Qwen.x = …`, that over `QWEN_MAGICS_<TRAIT>` variables, those over
`jupyter_qwen_config.py|json` on Jupyter's configuration path, those over `ipython_config`, that over the default.
What `Qwen.locked = [names]` lists in a system-wide file holds against all of them. Files and variables are read by
`load`; `Qwen.with_options` gives the frozen `Settings` of one turn, so that a turn never sees traitlets.
"""

from qwen_magics.settings.names import PROVIDERS, REGIONS
from qwen_magics.settings.snapshot import Settings
from qwen_magics.settings.sources import load, unknown_variables, unload
from qwen_magics.settings.traits import NAMES, Qwen

__all__ = ["NAMES", "PROVIDERS", "REGIONS", "Qwen", "Settings", "load", "unknown_variables", "unload"]
