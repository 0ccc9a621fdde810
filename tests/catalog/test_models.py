"""Which models exist, what they are called where, and what a user's own models.toml may do."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from qwen_magics import catalog
from qwen_magics.catalog import models
from qwen_magics.errors import SettingsError

EVERY = models.read()


@pytest.fixture(autouse=True)
def only_our_tables():
    catalog.load(None)
    yield
    catalog.load(None)


def test_the_whole_max_line_is_known():
    line = {model.id for model in catalog.offered() if "max" in model.id}
    assert line >= {
        "qwen3-max-preview", "qwen3-max", "qwen3-max-2025-09-23", "qwen3-max-2026-01-23", "qwen3.6-max-preview",
        "qwen3.7-max", "qwen3.8-max", "qwen3.8-max-0902", "qwen3.8-max-prime",
    }  # fmt: skip


def test_qwen3_max_has_the_documented_limits():
    model = catalog.find("qwen3-max")
    assert model is not None
    assert (model.window, model.max_input) == (262_144, 258_048)
    assert (model.largest_output(False), model.largest_output(True), model.max_thinking) == (65_536, 32_768, 81_920)


@pytest.mark.parametrize("model", EVERY.values(), ids=list(EVERY))
def test_every_model_fits_together(model: models.Model):
    assert model.max_output <= model.window
    assert model.largest_input(True) <= model.max_input
    assert model.ids
    assert model.vision == bool(model.image_factor)
    assert not model.successor or model.successor in EVERY
    assert (model.vocabulary == "qwen3.5") == model.id.startswith(("qwen3.5", "qwen3.6", "qwen3.7", "qwen3.8"))


def test_a_model_is_found_by_the_providers_own_name_and_only_where_it_is_offered():
    thinking = catalog.find("qwen/qwen3-max-thinking", "openrouter")
    assert thinking is not None
    assert thinking.id == "qwen3-max-2026-01-23"
    assert catalog.find("qwen3-max", "openrouter").name_at("openrouter") == "qwen/qwen3-max"  # type: ignore[union-attr]
    assert catalog.find("qwen3-max", "huggingface") is None
    assert catalog.find("qwen2.5-coder-0.5b") is None
    assert catalog.find("qwen2.5-coder-0.5b", "local") is not None


def test_a_router_suffix_is_no_part_of_the_model():
    routed = catalog.find("Qwen/Qwen3-235B-A22B-Instruct-2507:fastest", "huggingface")
    assert routed is not None
    assert routed.id == "qwen3-235b-a22b-instruct-2507"


def test_any_server_may_have_a_known_model_under_any_name_or_one_that_nobody_knows():
    for name in ("qwen3-max", "dashscope/qwen3-max", "qwen/qwen3-max"):
        found = catalog.find(name, "openai")
        assert found is not None
        assert found.id == "qwen3-max"
    assert catalog.find("llama-4", "openai") is None


def test_global_and_us_serve_qwen3_max_without_thinking():
    model = catalog.find("qwen3-max")
    assert model is not None
    assert model.thinks("mainland")
    assert model.thinks("international")
    assert not model.thinks("global")


def test_only_open_weights_have_a_proved_vocabulary():
    assert {model.id for model in EVERY.values() if model.vocabulary_proved} == {
        "qwen3-235b-a22b-instruct-2507", "qwen3-235b-a22b-thinking-2507", "qwen2.5-coder-0.5b",
    }  # fmt: skip


def test_suggestions_name_the_successor_near_names_or_where_else():
    assert "qwen3-max" in catalog.suggest("qwen-max")
    assert "qwen3-max" in catalog.suggest("qwen3max")
    assert "alibaba, openrouter" in catalog.suggest("qwen3-max", "huggingface")
    assert catalog.suggest("a-model-of-nobody") == ""
    assert "%qwen_models" in catalog.unknown("a-model-of-nobody").remedy


def test_users_change_single_fields_and_add_models(tmp_path: Path):
    (tmp_path / "models.toml").write_text(
        '["qwen3-max"]\nmax_input = 200_000\nretired = 2026-10-01\nsuccessor = "qwen3.8-max"\n'
        '["my-model"]\nwindow = 8_192\nmax_input = 8_000\nmax_output = 1_000\nids = { openai = "org/mine" }\n'
    )
    catalog.load(tmp_path)
    changed, added = catalog.find("qwen3-max"), catalog.find("org/mine", "openai")
    assert changed is not None
    assert (changed.max_input, changed.window) == (200_000, 262_144)
    assert changed.is_retired(dt.date(2026, 10, 1))
    assert not changed.is_retired(dt.date(2026, 9, 30))
    assert str(catalog.unknown("qwen3-max")).splitlines() == [
        "qwen3-max was retired on 2026-10-01.", "  Its successor is qwen3.8-max.",
    ]  # fmt: skip
    assert added is not None
    assert added.id == "my-model"


def test_a_changed_file_is_seen_and_a_removed_one_forgotten(tmp_path: Path):
    own = tmp_path / "models.toml"
    own.write_text('["qwen3-max"]\nmax_input = 100\n')
    catalog.load(tmp_path)
    own.unlink()
    catalog.load(tmp_path)
    assert catalog.find("qwen3-max").max_input == 258_048  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('["qwen3-max"]\nmax_inputt = 1\n', "max_inputt"),
        ('["qwen3-max"]\nmax_input = "many"\n', "max_input"),
        ('["qwen3-max"]\nmax_input = 300_000\n', "does not fit its window"),
        ('["new"]\nwindow = 1\n', "missing required field"),
        ("window = 1\n", "outside a table"),
        ('["qwen3-max"\n', "no valid TOML"),
    ],
)
def test_a_wrong_file_names_itself_and_its_fault_and_changes_nothing(tmp_path: Path, text: str, said: str):
    own = tmp_path / "models.toml"
    own.write_text(text)
    with pytest.raises(SettingsError, match=r"models\.toml") as caught:
        catalog.load(tmp_path)
    assert said in str(caught.value)
    assert catalog.find("qwen3-max").max_input == 258_048  # type: ignore[union-attr]
