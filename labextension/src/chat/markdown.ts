/**
 * Makes a model's Markdown safe to show: an answer calls nobody and runs nothing, whatever is in it.
 *
 * `qwen_magics/display/markdown.py` has to make text that any renderer takes for harmless. Here there is one renderer,
 * JupyterLab's: `written` takes the meaning out of every `<` before it, so that HTML is shown as it was written, and
 * `Harmless` stands behind JupyterLab's own sanitizer and lets through what Markdown makes, and no foreign image.
 */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

/** Stands for a `<` that is no markup, from before Markdown is read until it has become HTML. */
const LESS = '\uE000';
/** A `<` that stays: an address in angle brackets, a line's end in a table. Everything else is text. */
const MARKUP = /<(?!(?:https?|ftp|mailto):[^\s<>]*>|br ?\/?>)/gi;
const PICTURE =
  /^data:image\/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=]+$/;
const WEB = /^(?:https?|ftp|mailto|tel):/i;
const TAGS = new Set(
  (
    'a b blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img input ins li ol p pre s span strong sub sup ' +
    'table tbody td tfoot th thead tr ul'
  ).split(' ')
);
const ATTRIBUTES: Readonly<Record<string, ReadonlyArray<string>>> = {
  a: ['href', 'title'],
  code: ['class'],
  img: ['src', 'alt'],
  input: ['type', 'checked', 'disabled'],
  ol: ['start'],
  pre: ['class'],
  span: ['class'],
  td: ['align'],
  th: ['align']
};

/** The Markdown with HTML as text, and with formulas the way JupyterLab marks them. */
export function written(markdown: string): string {
  const text = markdown.replaceAll(LESS, '\uFFFD').replace(MARKUP, LESS);
  return text.includes('\\(') || text.includes('\\[') ? formulas(text) : text;
}

/** A code block as Markdown that nothing in it can end. Diagrams are shown as text. */
export function fenced(code: string, language: string): string {
  const runs = code.match(/`{3,}/g) ?? [];
  const marker = '`'.repeat(Math.max(3, ...runs.map(run => run.length + 1)));
  const word = /^mermaid/i.test(language) ? 'text' : language;
  return `${marker}${word}\n${code}\n${marker}`;
}

/** JupyterLab's sanitizer, and behind it a list of what may stay. */
export class Harmless implements IRenderMime.ISanitizer {
  constructor(private readonly _inner: IRenderMime.ISanitizer) {}

  readonly allowNamedProperties = false;

  sanitize(dirty: string): string {
    const html = this._inner.sanitize(dirty);
    const page = new DOMParser().parseFromString(html, 'text/html'); // inert: loads nothing
    for (const node of Array.from(page.body.querySelectorAll('*'))) {
      clean(node);
    }
    return page.body.innerHTML.replaceAll(LESS, '&lt;');
  }
}

/** `\(…\)` and `\[…\]`, which models write, as `$…$` and `$$…$$`; not in code. */
function formulas(text: string): string {
  return text.replace(
    /(`+)(?!`)[\s\S]*?[^`]\1(?!`)|(?<!\\)\\\(([^\n]+?)\\\)|(?<!\\)\\\[([\s\S]+?)\\\]/g,
    (whole, _ticks, inline?: string, display?: string) =>
      inline !== undefined
        ? `$${inline.trim()}$`
        : display !== undefined
          ? `$$${display}$$`
          : whole
  );
}

function clean(node: Element): void {
  const tag = node.localName;
  if (
    !TAGS.has(tag) ||
    (tag === 'input' && node.getAttribute('type') !== 'checkbox')
  ) {
    node.replaceWith(node.textContent ?? '');
    return;
  }
  if (tag === 'img' && !PICTURE.test(node.getAttribute('src') ?? '')) {
    node.replaceWith(linkTo(node));
    return;
  }
  const kept = ATTRIBUTES[tag] ?? [];
  for (const { name } of Array.from(node.attributes)) {
    if (!kept.includes(name)) {
      node.removeAttribute(name);
    }
  }
  const href = node.getAttribute('href');
  if (href !== null && !WEB.test(href)) {
    node.removeAttribute('href');
  }
}

/** An image as a link that shows its host; as bare words within a link, or where it is not on the web. */
function linkTo(image: Element): Node {
  const page = image.ownerDocument;
  const goal = image.getAttribute('src') ?? '';
  const words = `${image.getAttribute('alt') ?? ''} (image on ${hostOf(goal)})`;
  if (image.closest('a') !== null || !WEB.test(goal)) {
    return page.createTextNode(words.trim());
  }
  const link = page.createElement('a');
  link.href = goal;
  link.textContent = words.trim();
  return link;
}

function hostOf(goal: string): string {
  try {
    return new URL(goal).hostname || goal.slice(0, 60);
  } catch {
    return goal.slice(0, 60);
  }
}
