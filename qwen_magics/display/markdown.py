"""Makes a model's Markdown safe before it is shown or saved. Model text is never trusted: a saved answer must not call
out or run anything in JupyterLab (marked), nbconvert (mistune), GitHub (cmark) or VS Code (markdown-it).

They disagree on what is code, so nothing here depends on which of them is right. Outside code all HTML is escaped and
an image is a link that shows its host (`prose.py`). Code that would do harm outside of code is written in a form that
they all agree on: a fence at the margin, with a language and blank lines around it. Text that needs none of this comes
back as it is, and safe text is its own safe text.

nbconvert writes `mermaid` fences out unescaped: one that is more than a plain diagram is shown as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from qwen_magics.display import prose
from qwen_magics.display.parts import Fence, opens

_RISKY = re.compile(  # HTML, images, links with a scheme, formulas in addresses
    r"<(?=[A-Za-z/!?])|!\[|\](?:\(|:)\s*<?[^\s/?#)]*[:&\\]|(?:://|www\.)[^\s<]*[$\\]", re.IGNORECASE
)
_INFO = re.compile(r"[\w .,+#=:/-]*", re.ASCII)
_CLOSER = re.compile(r"^[ \t>]*(?:`{3,}|~{3,})[ \t]*$", re.MULTILINE)
_LANGUAGE = re.compile(r"[\w+#][\w.+#-]*", re.ASCII)
_NOT_PLAIN = re.compile(r"[<\\@&`]|//|%%")  # in a diagram: markup, links, pictures, directives


class _Block(Struct):
    """Lines of prose; or of a fence (the lines that open and close it are among them), after `prefix` on each line."""

    lines: list[str]
    fence: Fence | None = None
    prefix: str = ""
    closed: bool = False
    alone: bool = False  # to stand at the margin

    @property
    def code(self) -> list[str]:
        """The fence's content, without what a list or quotation puts before it."""
        ended = self.closed or (len(self.lines) > 1 and not self.lines[-1])
        inner = self.lines[1:-1] if ended else self.lines[1:]
        if ">" in self.prefix:
            return [re.sub(rf"^[ \t]*(?:>[ \t]?){{1,{self.prefix.count('>')}}}", "", line) for line in inner]
        return [line[_indent(line, len(self.prefix)) :] for line in inner]

    @property
    def risky(self) -> bool:
        """Whether it would do harm where a renderer doesn't see that it is code, or sees more in it than code."""
        if self.fence is None:
            return False
        info, code = self.fence.info, "\n".join(self.code)
        if _INFO.fullmatch(info) is None:
            return True
        if "mermaid" in info.lower() and not (self.closed and self.at_margin and _NOT_PLAIN.search(code) is None):
            return True
        return _RISKY.search(code) is not None

    @property
    def at_margin(self) -> bool:
        """Whether all renderers agree on where it begins and ends."""
        if self.fence is None:
            return True
        ends = (self.lines[0], self.lines[-1] if self.closed else self.lines[0])
        return self.fence.marker[0] == "`" and all(line.startswith("`") for line in ends)


def safe(markdown: str) -> str:
    """The Markdown, harmless wherever it is rendered; a fence that is still open at the end is closed."""
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
    if "```" not in text and "~~~" not in text:
        return prose.safe(text, text)
    blocks = list(_blocks(text))
    guarded = any(block.risky for block in blocks)
    for block in blocks:
        block.alone = block.risky or (guarded and block.fence is not None and prose.reaches("\n".join(block.code)))
    strays = any(not block.at_margin for block in blocks)
    out: list[str] = []
    shift, alone = 0, False
    for block in blocks:
        shift = _shift(block, shift)
        last = out[-1].rpartition("\n")[2].strip() if out else ""
        if (last and block.alone) or (alone and block.lines[0].strip()):
            out.append("")
        alone = block.alone
        if block.fence is None:
            out.append(prose.safe("\n".join(block.lines), text, guarded=guarded))
        elif block.alone:
            out.extend(_alone(block, strays))
            shift = shift or (len(block.prefix) if block.prefix.isspace() else 0)
        else:
            end = [] if block.closed else [block.prefix + block.fence.marker]
            out.append("\n".join([*block.lines, *end]))
    return "\n".join(out)


def fenced(code: str, language: str = "") -> str:
    """The code as a fence that nothing in it can close."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    marker = "`" * (longest + 1)
    return f"{marker}{language}\n{code}\n{marker}"


def _blocks(text: str) -> Iterator[_Block]:
    block = _Block([])
    for line in text.split("\n"):
        if block.fence is not None:
            quoted = ">" not in block.prefix or line.lstrip(" ").startswith(">")
            if quoted:
                block.lines.append(line)
                block.closed = block.fence.closed_by(line)
            if block.closed or not quoted:
                yield block
                block = _Block([])
            if quoted:
                continue
        fence = opens(line) if "```" in line or "~~~" in line else None
        if fence is not None:
            if block.lines:
                yield block
            prefix = line[: line.index(fence.marker)]
            block = _Block([], fence, re.sub(r"[^\s>]", " ", prefix))
        block.lines.append(line)
    if block.lines:
        yield block


def _shift(block: _Block, shift: int) -> int:
    """Move lines left that stood under a list item whose fence has moved to the margin; how far what follows moves."""
    if shift == 0 or block.prefix.strip():
        return shift
    for number, line in enumerate(block.lines):
        if line.strip() and _indent(line, shift) < shift and block.fence is None:
            if number and block.lines[number - 1].strip():
                block.lines.insert(number, "")  # or it would go on with the paragraph that has moved
            return 0
        block.lines[number] = line[_indent(line, shift) :]
    block.prefix = block.prefix[shift:]
    return shift


def _indent(line: str, most: int) -> int:
    """How many of the first `most` characters are blank."""
    return min(most, len(line) - len(line.lstrip(" \t")))


def _alone(block: _Block, strays: bool) -> list[str]:
    """A risky fence at the margin: with a language it can't be taken for the end of a fence that some renderer sees
    open. Where its content could be taken for that, and such fences are about, every sign of it is escaped instead."""
    assert block.fence is not None  # noqa: S101  only fences are risky
    code, found = "\n".join(block.code), _LANGUAGE.match(block.fence.info)
    language = found[0] if found and not found[0].lower().startswith("mermaid") else "text"
    head = block.lines[0][: block.lines[0].index(block.fence.marker)].rstrip()
    before = [head, ""] if head.strip(" \t>") else []
    return [*before, prose.escaped_block(code) if strays and _CLOSER.search(code) else fenced(code, language)]
