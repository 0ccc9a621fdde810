"""How much of an output is kept: the same for the kernel's record and the file, so that both read alike.

A text is its head and its tail; a larger part of it is never needed, for what is sent of an output is far less still.
Of a picture only the bytes that tell its size are kept.
"""

from __future__ import annotations

from typing import Any

from msgspec.json import encode

from .cells import Output, joined

HEAD = TAIL = 100_000  # characters
LARGEST_RICH = 2_000_000  # characters of one rich representation (HTML, JSON, …); a larger one is not read
CUT = "\n[… cut …]\n"


def cut(text: str) -> str:
    """`text`, or its head and tail with a mark between them."""
    return text if len(text) <= HEAD + TAIL else text[:HEAD] + CUT + text[-TAIL:]


def kept(text: str) -> str:
    """So much of `text` that `cut(kept(text)) == cut(text)`."""
    return text if len(text) <= HEAD + 2 * TAIL else text[:HEAD] + text[-2 * TAIL :]


def thin(output: Output) -> Output:
    """An output of which only so much is kept as canonical form can show; our own are kept whole."""
    if output.output_type == "stream":
        return Output("stream", name=output.name, text=kept(joined(output.text)))
    if output.output_type == "error":
        lines = [kept(line) for line in output.traceback[:200]]
        return Output("error", ename=output.ename, evalue=kept(output.evalue), traceback=lines)
    if "qwen_magics" in output.metadata:
        return output
    data = {mime: _thin_value(mime, value) for mime, value in output.data.items()}
    return Output(output.output_type, data=data, metadata=output.metadata, execution_count=output.execution_count)


def size(output: Output) -> int:
    """About how many characters an output holds."""
    data = sum(len(value) if isinstance(value, str) else len(encode(value)) for value in output.data.values())
    return 200 + len(output.text) + data + len(output.evalue) + sum(map(len, output.traceback))


def _thin_value(mime: str, value: Any) -> Any:
    if mime.endswith("json"):
        if mime != "application/json":
            return {}  # a chart's data: only its name is ever shown
        return value if len(encode(value)) <= 4 * LARGEST_RICH else "…" * (LARGEST_RICH + 1)
    if not isinstance(value, str):
        return value
    if mime.startswith("image/"):
        from .images import head_of_image

        return head_of_image(mime, value)
    return kept(value) if mime == "text/plain" else value[: LARGEST_RICH + 1]
