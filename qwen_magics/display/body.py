"""A request as it would leave, for reading: its messages, then the JSON body. No key, no header, no script."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from qwen_magics.display.figures import counted
from qwen_magics.display.table import NO_MATH

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUIET = "color:var(--jp-ui-font-color2,inherit)"
_BOX = (
    "margin:4px 0 8px;padding:6px 10px;max-height:40em;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere;"
    "font-size:12px;line-height:1.45;border:1px solid var(--jp-border-color2,rgba(128,128,128,.4));"
    "border-radius:2px;background:var(--jp-cell-editor-background,transparent);color:var(--jp-ui-font-color1,inherit)"
)
_FIRST = 60  # characters of a message beside its role


def body(url: str, data: bytes, note: str = "") -> tuple[str, str]:
    """HTML and text of what would be POSTed to `url`, and a `note` on it. The text ends with the whole body as JSON."""
    read = json.loads(data)
    whole = json.dumps(read, ensure_ascii=False, indent=2)
    head = f"Nothing was sent. This would be POSTed to {url}: {counted(len(data), 'byte')} of JSON, your key beside it."
    head = f"{head} {' '.join(note.split())}" if note else head
    messages = "".join(_message(message) for message in read.get("messages", ()))
    html = (
        f'<div class="{NO_MATH}" style="font-size:12px;line-height:1.5;color:var(--jp-ui-font-color1,inherit)">'
        f'<p style="margin:0 0 6px">{escape(head)}</p>{messages}{_folded("the JSON, whole", "", whole)}</div>'
    )
    return html, f"{head}\n\n{whole}"


def _message(message: Mapping[str, Any]) -> str:
    content = message.get("content", "")
    parts = content if isinstance(content, list) else [{"text": content}]
    text = "".join(str(part.get("text", f"[{part.get('type', 'part')}]")) for part in parts)
    first = " ".join(text[: 4 * _FIRST].split())
    return _folded(str(message.get("role", "")), first if len(first) <= _FIRST else f"{first[:_FIRST]}…", text)


def _folded(name: str, hint: str, text: str) -> str:
    size = counted(len(text), "character")
    quiet = f' <span style="{_QUIET}">{size}{f" · {escape(hint)}" if hint else ""}</span>'
    return (
        f'<details style="margin:0"><summary style="cursor:pointer"><b>{escape(name)}</b>{quiet}</summary>'
        f'<pre style="{_BOX}">{escape(text)}</pre></details>'
    )
