/**
 * So much of an output as the core can ever show of it (`qwen_magics/notebook/bounds.py` has the rule): a notebook of
 * megabytes of pictures is then kilobytes on its way. Our own outputs stay whole.
 */

const TEXT = 100_000; // characters at the head; twice that at the tail
const RICH = 2_000_001;
const PICTURE = 128; // base64 characters that hold the size of a PNG, GIF or WebP
const PICTURES: Readonly<Record<string, number>> = {
  'image/jpeg': 256_000,
  'image/svg+xml': 4_000
};

type Bundle = Readonly<Record<string, unknown>>;

/** An nbformat output, shortened. */
export function thin(output: Bundle): Bundle {
  const { text, data, metadata } = output;
  if (text !== undefined) {
    return { ...output, text: shorter(text) };
  }
  if (isBundle(data) && !(isBundle(metadata) && 'qwen_magics' in metadata)) {
    const entries = Object.entries(data);
    return {
      ...output,
      data: Object.fromEntries(
        entries.map(([mime, value]) => [mime, part(mime, value)])
      )
    };
  }
  return output;
}

function part(mime: string, value: unknown): unknown {
  if (mime.endsWith('json')) {
    return mime === 'application/json' ? value : {};
  }
  const text = joined(value);
  if (typeof text !== 'string') {
    return text;
  }
  if (mime.startsWith('image/')) {
    return text.slice(0, PICTURES[mime] ?? PICTURE);
  }
  return mime === 'text/plain' ? shorter(text) : text.slice(0, RICH);
}

function shorter(value: unknown): unknown {
  const text = joined(value);
  return typeof text !== 'string' || text.length <= 3 * TEXT
    ? text
    : text.slice(0, TEXT) + text.slice(-2 * TEXT);
}

/** nbformat lets a text be a list of its lines. */
function joined(value: unknown): unknown {
  return Array.isArray(value) && value.every(line => typeof line === 'string')
    ? value.join('')
    : value;
}

function isBundle(value: unknown): value is Bundle {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
