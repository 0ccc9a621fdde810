"""Model text as Markdown: what is harmless stays as it is, what isn't can't be HTML, an image or a dangerous link."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from qwen_magics.display.markdown import fenced, safe

HARMLESS = """# Title

A *paragraph* with `code`, `a < b`, $a_1 < b$, a [link](https://qwen.ai/x?a=1&b=2 "title") and a\\*star & more.

| a | b |
|---|---|
| 1 | `x` |

- item
  ```python
  print(d["a"][1:])
  ```
1. [ ] task[^1]

```mermaid
graph TD
A-->B
```

```html
<b onclick="x">left alone in a fence at the margin</b>
```

    indented

[^1]: a footnote
"""


def test_harmless_markdown_stays_as_it_is() -> None:
    assert safe(HARMLESS) == HARMLESS


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("a < b <!-- c --> \\<b> <br>", "a < b &lt;!-- c --> &lt;b> <br>"),
        ("![pic](https://evil.org/p.png?d=1 't')", "[pic (image on evil.org)](https://evil.org/p.png?d=1)"),
        ("![a][r]\n\n[r]: https://e.org/q", "[a (image on e.org)](https://e.org/q)\n\n[r]: https://e.org/q"),
        ("![unknown][r]", "&#33;[unknown][r]"),
        ("![x](data:image/png;base64,AAAA)", "![x](data:image/png;base64,AAAA)"),
        ("[![badge](https://i.org/b.svg)](https://ok.org)", "[badge (image on i.org)](https://ok.org)"),
        ("[x](javascript:alert(1))", "[x]&#40;javascript:alert(1))"),
        ("[x](JAVA&#115;cript&colon;alert(1))", "[x]&#40;JAVA&#115;cript&colon;alert(1))"),
        ("[x](java&Tab;script:y) [y](file:///etc)", "[x]&#40;java&Tab;script:y) [y]&#40;file:///etc)"),
        ("[r]: vbscript:x", "[r]&#58; vbscript:x"),
        ("<https://a.org/x> <javascript:x>", "[https&#58;&#47;&#47;a.org&#47;x](https://a.org/x) &lt;javascript:x>"),
        ("!<https://evil.org/x.png>", "&#33;[https&#58;&#47;&#47;evil.org&#47;x.png](https://evil.org/x.png)"),
        ("use `List<String>` or `a`", "use <code>List&#60;String&#62;</code> or `a`"),
        ("$a<b$ and $5 <b>", "$a< b$ and $5 &lt;b>"),
        ("x[1:]: int a[0](y) d['k']: int", "x[1:]: int a[0](y) d['k']: int"),
    ],
)
def test_what_could_do_harm_is_written_so_that_it_cannot(markdown: str, expected: str) -> None:
    assert safe(markdown) == expected
    assert safe(expected) == expected


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("```py\nprint(1)", "```py\nprint(1)\n```"),
        ("text\n```\n<b>\n```\nmore", "text\n\n```text\n<b>\n```\n\nmore"),
        ("~~~html\n<b>\n~~~", "```html\n<b>\n```"),
        ("> ```html\n> <b>\n> ```", "```html\n<b>\n```"),
        (
            "1. Do\n   ```java\n   List<String> x;\n   ```\n   more\n2. Then",
            "1. Do\n\n```java\nList<String> x;\n```\n\nmore\n\n2. Then",
        ),
        ("```{image} https://evil.org/x.png\n```", "```text\n\n```"),
        ("```mermaid\nA[<img src=x>]\n```", "```text\nA[<img src=x>]\n```"),
        ("costs $$ here\n\n```js\n<b>$$\n```", "costs &#36;&#36; here\n\n```js\n<b>$$\n```"),
        ("````md\n```html\n<b>\n```\n````", "````md\n```html\n<b>\n```\n````"),
    ],
)
def test_code_that_could_do_harm_stands_where_every_renderer_sees_code(markdown: str, expected: str) -> None:
    assert safe(markdown) == expected
    assert safe(expected) == expected


@pytest.mark.parametrize(
    "attack",
    [
        'see https://a.org/$"onmouseover="alert(1)"$ there',
        '[x](https://a.org \'t$" onmouseover="alert(1)" $\')',
        '![$" onerror="alert(1)"$](data:image/png;base64,AAAA)',
        '```b$"onmouseover="alert(1)"$\n```',
        '```b$"onmouseover="alert(1)"`$',
        'http://v$\n```\n"onmouseover="alert(1)"$',
        "[r]: https://a.org \"$\" onmouseover='alert(1)' $\n\n[r]",
    ],
)
def test_no_formula_reaches_a_place_that_becomes_an_attribute(attack: str) -> None:
    """JupyterLab takes `$…$` out, renders, and puts it back with its quotes: into a link's href, title, or a class."""
    shown = safe(attack)
    for place in re.findall(r"\]\([^)]*\)|(?:https?://|www\.)[^\s<]*|^```[^\n]*|!\[[^\]]*\]", shown, re.MULTILINE):
        assert "$" not in place


def test_code_in_a_fence_is_longer_than_any_fence_in_it() -> None:
    assert fenced("```\nx\n```", "md") == "````md\n```\nx\n```\n````"


# --- and through the renderers ----------------------------------------------------------------------------------------

TAGS = {
    "p",
    "em",
    "strong",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "a",
    "hr",
    "br",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "del",
    "s",
    "input",
    "img",
    "div",
    "span",
    "dl",
    "dt",
    "dd",
}
ATTRIBUTES = {"class", "href", "title", "id", "start", "style", "align", "type", "checked", "disabled", "alt", "src"}
EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<b onclick=x>",
    "</p>",
    "<!-- c -->",
    "<?php ?>",
    "<![CDATA[x]]>",
    '<a href="javascript:x">y</a>',
    "<https://a.org/onmouseover=alert(1)>",
    "<javascript:alert(1)>",
    "![a](https://evil.org/x.png)",
    "![a][r]",
    "![r]",
    "[r]: https://evil.org/q",
    "[r]: javascript:alert(1)",
    "[x](javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](java&#115;cript:x)",
    '[x](vbscript:x "t")',
    "[x](data:text/html,x)",
    '![$" onerror="x"$](data:image/png;base64,AAAA)',
    "[a\nb]: file:x",
]
GLUE = [
    "\n",
    "\n\n",
    " ",
    "\n    ",
    "\n   ",
    "\n> ",
    "\n- ",
    "\n1. ",
    "\t",
    "\n: ",
    "\n| ",
    " | ",
    "\n|-|-|\n",
    "\n# ",
    "\\",
    "`",
    "``",
    "```",
    "~~~",
    "\n```\n",
    "\n~~~\n",
    "\n````\n",
    "\n```html\n",
    "\n   ```html\n",
    "\n> ```\n",
    "\n- ```js\n",
    "\n    ```\n",
    "\n```mermaid\n",
    "$",
    "$$",
    "\n$$\n",
    "\\\\[",
    "\\\\]",
    "\\begin{a}",
    "\\end{a}",
    "*",
    "**",
    "_",
    "[",
    "]",
    "(",
    ")",
    "](",
    "]:",
    "!",
    "![",
    '"',
    "'",
    "<",
    ">",
    "&",
    "&lt;",
    "\n===\n",
    "\n---\n",
    "[^1]",
    "\n[^1]: ",
    "<br>",
    "<code>",
    "</code>",
    "<pre>",
    "\r",
    "\0",
    "\u2028",
    "text",
    "a b",
    "  \n",
    "http://",
    "www.",
    "\n[r]:\n",
]


class Tags(HTMLParser):
    """Everything in a page that Markdown alone can't have made."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.bad: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Tags, attributes and goals that Markdown has a use for are fine."""
        goals = {name: re.sub(r"[\0-\x20\x7f-\xa0]", "", value or "").lower() for name, value in attrs}
        scheme = re.match(r"([a-z][a-z0-9+.-]*):", goals.get("href", ""))
        fetched = not goals.get("src", "data:image/").startswith("data:image/")
        known = scheme is None or scheme[1] in ("http", "https", "ftp", "mailto", "tel")
        picture = goals.get("href", "").startswith("data:image/")  # a link to one, which browsers don't follow
        if tag not in TAGS or set(goals) - ATTRIBUTES or fetched or not (known or picture):
            self.bad.append((tag, attrs))

    handle_startendtag = handle_starttag

    def handle_comment(self, data: str) -> None:
        """Nothing of this kind can come of Markdown."""
        self.bad.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


commonmark = MarkdownIt("commonmark", {"html": True})
commonmark.validateLink = lambda url: True  # type: ignore[method-assign]  # its own guard is not to help


@settings(max_examples=1500)
@given(st.lists(st.sampled_from(EVIL) | st.sampled_from(GLUE) | st.sampled_from(GLUE), min_size=1, max_size=25))
def test_neither_nbconvert_nor_a_commonmark_renderer_makes_anything_live_of_it(pieces: list[str]) -> None:
    markdown = safe("".join(pieces))
    assert Tags(markdown2html_mistune(markdown)).bad == []
    assert Tags(commonmark.render(markdown)).bad == []


@settings(max_examples=300)
@given(st.text(alphabet="<>![]()`~$\\&;:#/ \nab-|\"'", max_size=200))
def test_arbitrary_text_is_harmless_too(text: str) -> None:
    markdown = safe(text)
    assert Tags(markdown2html_mistune(markdown)).bad == []
    assert Tags(commonmark.render(markdown)).bad == []


@settings(max_examples=300)
@given(st.text(max_size=300))
def test_text_without_markup_is_shown_unchanged(text: str) -> None:
    bare = re.sub(r"[<>!\[\]`~$\\\r\0]|://|www\.", "", text, flags=re.IGNORECASE)
    assert safe(bare) == bare


@pytest.mark.parametrize(
    "piece", ["![", "](", "]:", "`", "``x", "\\begin{a}", "$$", "<a", "[", "![a](", '[x](y "', "www.$"]
)
def test_hostile_repetition_takes_no_time(piece: str) -> None:
    """Whoever writes the text must not be able to stall the kernel; the timeout of the suite is the judge."""
    for text in (piece * 6_000, f"{piece}\n" * 6_000 + "\n```html\n<b>\n```\n"):
        assert safe(text)
