"""Who answers: a model that can't is refused with who chose it and the line that helps."""

from __future__ import annotations

import pytest
from traitlets.config import Config

from qwen_magics import settings, turn
from qwen_magics.errors import UnknownModel
from qwen_magics.turn.route import LOCAL_MODEL


def refused(qwen: settings.Qwen, **options: str) -> UnknownModel:
    with pytest.raises(UnknownModel) as problem:
        turn.route(qwen.with_options(provider="local", **options), start=False)
    return problem.value


def test_a_model_that_does_not_run_here_is_named_with_who_chose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    qwen = settings.load()
    asked = refused(qwen, model="qwen-plus")
    assert asked.message.startswith("qwen-plus doesn't run on this machine")
    assert asked.remedy.startswith(f"-m {LOCAL_MODEL}, or")
    qwen.update_config(Config(Qwen={"model": "qwen-plus"}))
    assert "qwen-plus, which %config sets, doesn't run" in refused(qwen).message
    monkeypatch.setenv("QWEN_MAGICS_MODEL", "qwen-plus")
    assert "qwen-plus, which QWEN_MAGICS_MODEL sets, doesn't run" in refused(settings.load()).message


def test_the_line_that_it_names_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_MAGICS_MODEL", "qwen-plus")
    qwen = settings.load()
    assert refused(qwen).remedy.startswith(f'%config Qwen.model = "{LOCAL_MODEL}", or')
    qwen.update_config(Config(Qwen={"model": LOCAL_MODEL}))
    for options in ({}, {"model": LOCAL_MODEL}):
        chosen = qwen.with_options(provider="local", **options)
        assert turn.route(chosen, start=False).endpoint.provider == "local"
