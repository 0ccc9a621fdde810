import { Sanitizer } from '@jupyterlab/apputils';

import { fenced, Harmless, written } from './markdown';

const harmless = new Harmless(new Sanitizer());
const PIXEL = 'data:image/png;base64,iVBORw0KGgo=';

describe('Markdown before it is rendered', () => {
  it('means no HTML by what looks like it, and shows it as it was written', () => {
    const html = '<b onclick="x">bold</b> <!-- no --> a < b <script>';
    expect(written(html)).not.toContain('<');
    expect(harmless.sanitize(written(html))).toBe(
      '&lt;b onclick="x"&gt;bold&lt;/b&gt; &lt;!-- no --&gt; a &lt; b &lt;script&gt;'
    );
  });

  it.each(['<https://example.org/a>', '| a<br>b |', 'a<br/>b', 'a > b'])(
    'leaves %p',
    text => expect(written(text)).toBe(text)
  );

  it('has no way in for the sign that stands for `<`', () => {
    const sneaky = '\uE000script>';
    expect(harmless.sanitize(written(sneaky))).toBe('\uFFFDscript&gt;');
  });

  it('marks formulas as JupyterLab does, but not in code', () => {
    expect(written('\\(a\\) and \\[ b \\] and `\\(c\\)` \\\\(d\\\\)')).toBe(
      '$a$ and $$ b $$ and `\\(c\\)` \\\\(d\\\\)'
    );
  });

  it('fences code so that nothing in it ends the fence, and diagrams as text', () => {
    expect(fenced('a', 'python')).toBe('```python\na\n```');
    expect(fenced('```\nx', '')).toBe('````\n```\nx\n````');
    expect(fenced('graph LR', 'mermaid')).toBe('```text\ngraph LR\n```');
  });
});

describe('HTML after it was rendered', () => {
  it.each([
    [
      'an image on the web becomes a link that names its host',
      '<img src="https://leak.invalid/p.png?d=1" alt="a cat">',
      '<a href="https://leak.invalid/p.png?d=1">a cat (image on leak.invalid)</a>'
    ],
    [
      'within a link, words',
      '<a href="https://a.org"><img src="https://b.org/x" alt="b"></a>',
      '<a href="https://a.org">b (image on b.org)</a>'
    ],
    [
      'a file of the server stays unfetched',
      '<img src="/api/contents/secret.png" alt="s">',
      's (image on /api/contents/secret.png)'
    ],
    [
      'a picture in the text stays',
      `<img src="${PIXEL}">`,
      `<img src="${PIXEL}">`
    ],
    [
      'styles and unknown attributes go',
      '<p style="background:url(https://leak.invalid)" id="x" class="y">t</p>',
      '<p>t</p>'
    ],
    [
      'what Markdown does not make becomes its text',
      '<section><video src="https://leak.invalid"></video><p>t</p></section>',
      't'
    ],
    ['scripts go', '<p>a<script>alert(1)</script></p>', '<p>a</p>'],
    [
      'only a task list has inputs, which do nothing',
      '<input type="checkbox" checked=""><input type="image" src="https://leak.invalid">',
      '<input type="checkbox" checked="" disabled="disabled">'
    ],
    [
      'links go to the web and nowhere else',
      '<a href="javascript:alert(1)">a</a><a href="/lab?reset">b</a><a href="mailto:a@b.c">c</a>',
      '<a>a</a><a>b</a><a href="mailto:a@b.c">c</a>'
    ],
    [
      'highlighted code keeps its classes',
      '<pre><code class="language-python"><span class="ͼ1">a</span></code></pre>',
      '<pre><code class="language-python"><span class="ͼ1">a</span></code></pre>'
    ]
  ])('%s', (_, dirty, clean) => expect(harmless.sanitize(dirty)).toBe(clean));
});
