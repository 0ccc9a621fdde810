"""Who answers: a model that can't is refused with who chose it and the line that helps."""

from __future__ import annotations

import pytest
from traitlets.config import Config

from qwen_magics import request, settings, turn
from qwen_magics.errors import NoKey, UnknownModel
from qwen_magics.provider.local import QWEN_CODER
from qwen_magics.turn.route import LOCAL_MODEL
from qwen_magics.values import Message


def refused(qwen: settings.Qwen, **options: str) -> UnknownModel:
    with pytest.raises(UnknownModel) as problem:
        turn.route(qwen.with_options(provider="local", **options))
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
        assert turn.route(chosen).endpoint.provider == "local"


def test_what_is_decided_needs_no_key_and_only_sending_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    decided = turn.route(settings.load().with_options(provider="alibaba"))
    assert (decided.name, decided.room > 0) == ("qwen3-max", True)
    with pytest.raises(NoKey):
        turn.ready(decided)


def test_a_gguf_file_has_one_name_wherever_it_lies_and_whether_or_not_it_runs() -> None:
    qwen = settings.load()

    def hashed(model: str) -> str:
        where = turn.route(qwen.with_options(provider="local", model=model))
        options = where.settings.options()
        return request.build([Message("user", "Why?")], where.name, options, model=where.model, dialect="local").hash

    assert hashed("models/other.gguf") == hashed("~/elsewhere/other.gguf")
    assert hashed(f"models/{QWEN_CODER.file}") == hashed(LOCAL_MODEL) != hashed("models/other.gguf")
