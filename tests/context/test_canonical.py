"""One output, one text: what a model gets of it, whatever it is."""

from __future__ import annotations

import base64
import io
import json
import struct
from typing import TYPE_CHECKING, Any

import nbformat
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.context.canonical import canonical, render, role_of, schema
from qwen_magics.context.chatter import quiet
from qwen_magics.context.tables import html_to_text
from qwen_magics.notebook.bounds import thin
from qwen_magics.notebook.cells import Output
from qwen_magics.notebook.file import Reader
from qwen_magics.notebook.images import head_of_image, image_size

if TYPE_CHECKING:
    from pathlib import Path


def stream(text: str) -> str:
    return canonical(Output("stream", name="stdout", text=text))


def bundle(**data: Any) -> str:
    mimes = {name.replace("_", "/", 1).replace("__", "+"): value for name, value in data.items()}
    return canonical(Output("display_data", data=mimes))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\nplain  \n\n", "plain"),
        ("<foo.Bar object at 0x7f3a12b4c5d0> and hex(255) == 0xff", "<foo.Bar object at 0x…> and hex(255) == 0xff"),
        ("CPU times: user 1.2 ms, sys: 0 ns, total: 1.2 ms\nWall time: 1.23 ms", "CPU times: … s\nWall time: … s"),
        ("Training took 3 min 5 s, loss 0.31", "Training took … s, loss 0.31"),
        ("Elapsed: 0.51s", "Elapsed: … s"),
        ("3 passed in 0.12s", "3 passed in … s"),
        ("the song lasts 3.2 s", "the song lasts 3.2 s"),
        ("12.5 ms ± 1.1 ms per loop (mean ± std. dev. of 7 runs)",) * 2,
        ("100%|██████████| 10/10 [00:01<00:00,  9.51it/s]", ""),
        ("Epoch 1: 100%|███| 10/10 [00:01<00:00, 9.51it/s, loss=0.12]", "Epoch 1 loss=0.12"),
        ("17it [00:02, 8.30it/s]\ndone", "done"),
        ("  0%|          | 0/3 [00:00<?, ?it/s]", ""),
        ("Working... ━━━━━━━━━━━━━━━━━━━━ 100% 0:00:03", ""),
        ("32/32 ━━━━━━━━━━━━━━━━━━━━ 1s 5ms/step - accuracy: 0.91 - loss: 0.31", "32/32 - accuracy: 0.91 - loss: 0.31"),
        ("32/32 [==============================] - 1s 5ms/step - loss: 0.31", "32/32 - loss: 0.31"),
        ("Collecting a\n  Downloading a.whl (1 kB)\nERROR: no\nSuccessfully installed a-1", "ERROR: no"),
        ("Requirement already satisfied: numpy in ./lib\nNote: you may need to restart the kernel.", ""),
        ("Collecting\nDownloading the data", "Collecting\nDownloading the data"),
        ("[1, 2, 3] at 5/s", "[1, 2, 3] at 5/s"),
        ("a ==== b: 12:30", "a ==== b: 12:30"),
    ],
)
def test_chatter_goes_and_data_stays(text: str, shown: str) -> None:
    assert stream(text) == shown


def test_a_data_frame_is_a_row_per_line() -> None:
    frame = pd.DataFrame({"a b": [1, 2], "c|d": ["x", "y"]}, index=["r", "s"])
    assert bundle(text_plain=frame.to_string(), text_html=frame._repr_html_()) == " | a b | c|d\nr | 1 | x\ns | 2 | y"


def test_a_wide_data_frame_loses_no_column_and_a_long_one_says_its_size() -> None:
    frame = pd.DataFrame({f"column_{n:02}": range(100) for n in range(20)})
    text = bundle(text_plain=repr(frame), text_html=frame._repr_html_())
    assert all(f"column_{n:02}" in text.split("\n")[0] for n in range(20))
    assert text.endswith("100 rows × 20 columns")


def test_spans_keep_columns_in_line() -> None:
    index = pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)], names=["k", "n"])
    frame = pd.DataFrame([[1, 2]] * 3, index=index, columns=pd.MultiIndex.from_tuples([("v", "a"), ("v", "b")]))
    rows = [[cell.strip() for cell in row.split("|")] for row in html_to_text(frame._repr_html_()).split("\n")]
    assert rows[3:6] == [["x", "1", "1", "2"], ["", "2", "1", "2"], ["y", "1", "1", "2"]]
    assert rows[0] == ["", "", "v", ""]


def test_html_is_read_for_its_words_only() -> None:
    html = "<style>b{}</style><script>alert(1)</script><h1>Hi &amp; bye</h1><p>a <b>bold</b> word<br>2 < 3<!-- no -->"
    assert html_to_text(html) == "Hi & bye\na bold word\n2 < 3"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ({"text/plain": "3"}, "3"),
        ({"text/plain": "<IPython.core.display.Markdown object>", "text/markdown": "**b**"}, "**b**"),
        ({"text/plain": "x**2", "text/latex": "$x^{2}$"}, "x**2"),
        ({"text/plain": "LinearRegression()", "text/html": "<div>…</div>"}, "LinearRegression()"),
        ({"text/plain": "<S at 0x12345678>", "text/html": "<table><tr><td>1<td>2</table>"}, "1 | 2"),
        ({"text/html": "<audio controls></audio>"}, "[audio]"),
        ({"application/json": {"b": 1.0, "a": [None, 0.5]}}, '{"a": [null, 0.5], "b": 1}'),
        ({"application/vnd.plotly.v1+json": {"data": [1] * 99}}, "[application/vnd.plotly.v1+json]"),
        ({"application/javascript": "alert(1)", "text/plain": "<IPython.core.display.Javascript object>"}, ""),
        ({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider(value=3)"}, "[widget IntSlider]"),
        ({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "  0%|  | 0/3 [00:00<?, ?it/s]"}, ""),
        ({"image/png": "????", "text/plain": "<Figure size 640x480 with 1 Axes>"}, "[image/png]"),
        ({"application/pdf": "JVBERi0="}, "[application/pdf]"),
        ({"text/plain": "<DisplayHandle display_id=0a1b2c>"}, ""),
        ({}, ""),
    ],
)
def test_of_a_bundle_the_representation_that_says_most_is_taken(data: dict[str, Any], shown: str) -> None:
    assert canonical(Output("display_data", data=data)) == shown


def picture(kind: str) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (64, 48)).save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif"])
def test_a_picture_is_a_note_with_its_size(kind: str) -> None:
    data = picture(kind)
    assert image_size(f"image/{kind}", data) == (64, 48)
    assert image_size(f"image/{kind}", head_of_image(f"image/{kind}", data)) == (64, 48)
    assert canonical(Output("display_data", data={f"image/{kind}": data})) == f"[image/{kind} 64×48]"


@given(st.sampled_from(["image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "image/x"]), st.binary())
def test_any_picture_s_size_is_told_from_its_head_or_not_at_all(mime: str, content: bytes) -> None:
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF0000WEBPVP8X"):
        data = base64.b64encode(start + content).decode()
        assert image_size(mime, data) == image_size(mime, head_of_image(mime, data))


def test_svg_s_size_is_its_attributes_or_its_view_box() -> None:
    assert image_size("image/svg+xml", '<svg width="300pt" height="200.4pt">') == (300, 200)
    assert image_size("image/svg+xml", '<?xml?><svg viewBox="0 0 30 20" width="100%">') == (30, 20)


def test_an_error_is_its_frames_and_its_message() -> None:
    lines = [
        "\x1b[31m---------------------------------------------------------------------------\x1b[39m",
        "\x1b[31mKeyError\x1b[39m                                  Traceback (most recent call last)",
        "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[17]\x1b[39m\x1b[32m, line 2\x1b[39m\n"
        "      1 x = {}\n----> 2 f(x)",
        "File \x1b[32m/opt/env/lib/python3.11/site-packages/pandas/core/frame.py:41\x1b[39m, in f(x)\n"
        "     40 a\n---> 41 g(x)",
        "File \x1b[32m~/project/mine.py:3\x1b[39m, in g(x)\n      2 def g(x):\n----> 3     x['k']",
        "\x1b[31mKeyError\x1b[39m: 'k'",
    ]
    assert canonical(Output("error", ename="KeyError", evalue="'k'", traceback=lines)) == (
        "Cell, line 2\n      1 x = {}\n----> 2 f(x)\nFile pandas/core/frame.py:41, in f(x)\n"
        "File ~/project/mine.py:3, in g(x)\n      2 def g(x):\n----> 3     x['k']\nKeyError: 'k'"
    )


@pytest.mark.parametrize("traceback", [[], ["Error in eval(expr): object 'x' not found"], ["QwenError: no key"]])
def test_other_kernels_errors_and_our_own_are_kept_as_they_are(traceback: list[str]) -> None:
    text = canonical(Output("error", ename="E", evalue="why", traceback=traceback))
    assert text == "\n".join([*traceback, "E: why"])


def test_a_deep_traceback_keeps_its_ends() -> None:
    frames = [f"File ~/m{n}.py:{n}, in f{n}()\n----> {n} f{n + 1}()" for n in range(1, 80)]
    text = canonical(
        Output("error", ename="RecursionError", evalue="deep", traceback=[*frames, "RecursionError: deep"])
    )
    assert "~/m1.py" in text
    assert "~/m79.py" in text
    assert "~/m40.py" not in text


def test_our_own_outputs_are_known_by_their_role_and_give_nothing() -> None:
    output = Output("display_data", data={"text/plain": "$0.01"}, metadata={"qwen_magics": {"role": "receipt"}})
    assert (role_of(output), canonical(output)) == ("receipt", "")
    for metadata in ({}, {"qwen_magics": 3}, {"qwen_magics": {"role": None}}):
        assert role_of(Output("display_data", metadata=metadata)) == ""


def test_render_marks_errors_and_leaves_out_what_is_empty() -> None:
    outputs = [Output("stream", text="a"), Output("stream", text="\n"), Output("error", ename="E")]
    assert render(outputs) == [("a", False), ("E", True)]


def test_a_schema_holds_no_data() -> None:
    frame = pd.DataFrame({"name": ["Ada"], "salary": [12345]})
    outputs = [
        Output("execute_result", data={"text/html": frame._repr_html_(), "text/plain": repr(frame)}),
        Output("stream", text="Ada earns 12345\nreally"),
        Output("error", ename="KeyError", evalue="'Ada'"),
        Output("display_data", data={"image/png": picture("png")}),
    ]
    shapes = schema(outputs)
    assert shapes == [
        ("[table with the columns name | salary; 1 row]", False),
        ("[2 lines of text]", False),
        ("[error KeyError]", True),
        ("[image/png 64×48]", False),
    ]
    assert "Ada" not in str(shapes)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
words = (
    st.text()
    | st.text("<>/tablerdh=\"' &;[]|%0123:\n\r\b\x1b")
    | st.sampled_from(
        (
            "<table><tr><td rowspan=2>a<td colspan=3>b<tr><td>c",
            '<table class="dataframe">',
            "\x1b[2J\x1b[3A",
            "100%|█| 1/1 [0:0<",
        )
    )
)
texts = words | st.lists(words, max_size=3)
TEXT_MIMES = (
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/png",
    "image/jpeg",
    "image/svg+xml",
    "x/y",
)
bundles = st.dictionaries(st.sampled_from(TEXT_MIMES), texts, max_size=4) | st.dictionaries(
    st.sampled_from(["application/json", "application/vnd.jupyter.widget-view+json", "application/vnd.x+json"]),
    json_values,
)
metadata = st.dictionaries(st.sampled_from(["qwen_magics", "other"]), json_values, max_size=2)
outputs = st.one_of(
    st.fixed_dictionaries(
        {"output_type": st.just("stream"), "name": st.sampled_from(["stdout", "stderr"]), "text": texts}
    ),
    st.fixed_dictionaries({"output_type": st.just("display_data"), "data": bundles, "metadata": metadata}),
    st.fixed_dictionaries(
        {"output_type": st.just("execute_result"), "data": bundles, "metadata": metadata, "execution_count": st.none()}
    ),
    st.fixed_dictionaries(
        {"output_type": st.just("error"), "ename": words, "evalue": words, "traceback": st.lists(words, max_size=4)}
    ),
)


@given(st.lists(outputs, max_size=4))
def test_arbitrary_valid_outputs_read_and_never_raise(
    tmp_path_factory: pytest.TempPathFactory, content: list[dict[str, Any]]
) -> None:
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": content, "execution_count": None}
    notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
    nbformat.validate(notebook)
    path: Path = tmp_path_factory.getbasetemp() / "arbitrary.ipynb"
    path.unlink(missing_ok=True)
    path.write_text(json.dumps(notebook))
    (saved,) = Reader().read(str(path)).cells
    for text, _ in render(saved.outputs) + schema(saved.outputs):
        text.encode()
        assert text
        assert not set(text) & set("\r\b\x1b\x00")


@given(outputs.filter(lambda output: output["output_type"] != "stream"))
def test_what_the_record_keeps_of_an_output_shows_the_same(content: dict[str, Any]) -> None:
    """The kernel sends strings, never lists of lines."""
    data = {mime: "".join(v) if mime in TEXT_MIMES else v for mime, v in content.get("data", {}).items()}
    whole = Output(**{**content, **({"data": data} if "data" in content else {})})
    assert canonical(thin(whole)) == canonical(whole)


@pytest.mark.parametrize("mime", ["text/plain", "text/html", "text/markdown", "application/json", "image/png"])
@pytest.mark.parametrize("length", [10, 200_001, 300_001, 2_000_001, 9_000_000])
def test_large_representations_show_the_same_from_both_sources(mime: str, length: int) -> None:
    value = "ab " * (length // 3)
    whole = Output("display_data", data={mime: value})
    assert canonical(thin(whole)) == canonical(whole)
    assert len(canonical(whole)) <= 200_100


@given(st.text())
def test_quieting_twice_changes_nothing_more(text: str) -> None:
    assert quiet(quiet(text)) == quiet(text)


def test_an_image_s_header_that_lies_is_no_size() -> None:
    broken = base64.b64encode(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13)).decode()
    assert image_size("image/png", broken) is None
