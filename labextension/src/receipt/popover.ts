/**
 * A popover over everything else: opens on hover, keyboard focus or click; closes on leaving, Escape or a click
 * elsewhere. It lies in the browser's top layer, so no output area clips it and nothing moves when it opens.
 *
 * Knows nothing of receipts.
 */

/** Milliseconds before a passing mouse opens it, and for the way of the mouse from the button into it. */
const OPEN_AFTER = 250;
const CLOSE_AFTER = 200;

/** Pixels to the button and to the window's edges. */
const GAP = 4;

let count = 0;

export class Popover {
  constructor(
    private readonly _button: HTMLButtonElement,
    private readonly _panel: HTMLElement
  ) {
    _panel.id = `jp-qwen-popover-${++count}`;
    _panel.popover = 'manual';
    _button.setAttribute('aria-controls', _panel.id);
    _button.setAttribute('aria-describedby', _panel.id);
    _button.setAttribute('aria-expanded', 'false');
    const signal = this._life.signal;
    for (const node of [_button, _panel]) {
      node.addEventListener('mouseenter', () => this._later('open'), {
        signal
      });
      node.addEventListener('mouseleave', () => this._later('close'), {
        signal
      });
    }
    _button.addEventListener('click', event => this._clicked(event), {
      signal
    });
    _button.addEventListener('focus', () => this._focused(), { signal });
    _button.addEventListener('blur', () => this.close(), { signal });
  }

  get isOpen(): boolean {
    return this._open !== null;
  }

  open(): void {
    if (this.isOpen || !this._button.isConnected) {
      return;
    }
    this._open = new AbortController();
    const { signal } = this._open;
    const capture = { capture: true, signal };
    const place = (): void => this._place();
    this._panel.showPopover();
    this._button.setAttribute('aria-expanded', 'true');
    this._place();
    document.addEventListener('keydown', event => this._keyed(event), capture);
    document.addEventListener(
      'pointerdown',
      event => this._pressed(event),
      capture
    );
    document.addEventListener('scroll', place, { ...capture, passive: true });
    window.addEventListener('resize', place, { signal });
    const seen = new IntersectionObserver(entries => {
      if (!entries.at(-1)?.isIntersecting) {
        this.close(); // the button was scrolled away
      }
    });
    seen.observe(this._button);
    signal.addEventListener('abort', () => seen.disconnect());
  }

  close(): void {
    window.clearTimeout(this._timer);
    this._pinned = false;
    if (this._open === null) {
      return;
    }
    this._open.abort();
    this._open = null;
    this._button.setAttribute('aria-expanded', 'false');
    if (this._panel.isConnected) {
      this._panel.hidePopover();
    }
  }

  dispose(): void {
    this.close();
    this._life.abort();
  }

  private _later(what: 'open' | 'close'): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(
      () => {
        if (what === 'open') {
          this.open();
        } else if (!this._pinned) {
          this.close();
        }
      },
      what === 'open' ? OPEN_AFTER : CLOSE_AFTER
    );
  }

  /** The keyboard toggles; the mouse pins what hovering has opened, then toggles. */
  private _clicked(event: MouseEvent): void {
    const byKeyboard = event.detail === 0;
    if (this.isOpen && (byKeyboard || this._pinned)) {
      this.close();
    } else {
      window.clearTimeout(this._timer);
      this._pinned = true;
      this.open();
    }
  }

  /** Focus that came with the keyboard; a mouse's focus is followed by its click. */
  private _focused(): void {
    if (this._button.matches(':focus-visible')) {
      this._pinned = true;
      this.open();
    }
  }

  /** Escape closes, and is not also JupyterLab's command mode. */
  private _keyed(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }

  private _pressed(event: PointerEvent): void {
    const target = event.target as Node;
    if (!this._button.contains(target) && !this._panel.contains(target)) {
      this.close();
    }
  }

  /** Below the button, or above it where there is more room; never past the window's edges. */
  private _place(): void {
    const button = this._button.getBoundingClientRect();
    const panel = this._panel.getBoundingClientRect();
    const below = window.innerHeight - button.bottom;
    const under = below >= panel.height + 2 * GAP || below >= button.top;
    const top = under ? button.bottom + GAP : button.top - panel.height - GAP;
    const left = Math.min(button.left, window.innerWidth - panel.width - GAP);
    this._panel.style.top = `${Math.max(GAP, top)}px`;
    this._panel.style.left = `${Math.max(GAP, left)}px`;
  }

  private readonly _life = new AbortController();
  private _open: AbortController | null = null;
  private _pinned = false;
  private _timer = 0;
}
