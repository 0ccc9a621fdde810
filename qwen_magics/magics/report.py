"""How the line magics show a report: one output, marked as ours, so that it is never taken for the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics.display.markdown import safe

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from qwen_magics.display.table import Table

MARK = {"qwen_magics": {"version": 1, "role": "report"}}


def show(shell: InteractiveShell, *parts: Table | tuple[str, str]) -> None:
    """Tables, and pairs of (HTML, text), one under the other; as Markdown too where all of it has that form."""
    bundles = [
        {"text/html": part[0], "text/plain": part[1]} if isinstance(part, tuple) else part.bundle() for part in parts
    ]
    data = {
        "text/html": '<div style="height:10px"></div>'.join(bundle["text/html"] for bundle in bundles),
        "text/plain": "\n\n".join(bundle["text/plain"] for bundle in bundles),
    }
    if all("text/markdown" in bundle for bundle in bundles):
        data["text/markdown"] = "\n\n".join(bundle["text/markdown"] for bundle in bundles)
    shell.display_pub.publish(data=data, metadata=MARK)


def text(shell: InteractiveShell, head: str, answer: str) -> None:
    """A model's text from the ledger, as safe as when it came."""
    data = {"text/markdown": f"`{head.replace('`', ' ')}`\n\n{safe(answer)}", "text/plain": f"{head}\n\n{answer}"}
    shell.display_pub.publish(data=data, metadata=MARK)


def say(shell: InteractiveShell, text: str) -> None:
    """A line or two."""
    shell.display_pub.publish(data={"text/plain": text}, metadata=MARK)
