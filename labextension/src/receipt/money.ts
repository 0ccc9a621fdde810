/**
 * Money as text: decimal strings in, decimal strings out. Nothing here adds, and nothing becomes a float.
 *
 * Python's `str(Decimal)` writes small amounts with an exponent (`9.6E-7`), which is read here too.
 */

/** A decimal number: `digits` × 10^-`places`, without leading zeros. */
interface IDecimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly places: number;
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

const SIGNS: Readonly<Record<string, string>> = { USD: '$', CNY: '¥' };

/** An amount for a line: two significant digits, from one on two decimals; half-even. `0.0043008` → `$0.0043`. */
export function shortMoney(amount: string, currency: string): string {
  const value = parse(amount);
  if (value === null) {
    return amount;
  }
  // 10^-places times a number of n digits starts at place `places - n + 1`; two digits need one place more.
  const first = value.places - value.digits.length + 1;
  const rounded = round(value, Math.max(2, first + 1));
  // 0.0996 has become 0.100: its second digit stands one place further left.
  const carried = rounded.digits.length > 2 && rounded.places > 2;
  return sign(carried ? round(rounded, rounded.places - 1) : rounded, currency);
}

/** An amount for the details: every digit, at least `places` decimals. `0.003072`, 7 → `$0.0030720`. */
export function longMoney(
  amount: string,
  currency: string,
  places = 2
): string {
  const value = parse(amount);
  return value === null
    ? amount
    : sign(pad(trim(value), Math.max(2, places)), currency);
}

/** A factor to one decimal at most, half-even: `2.00` → `2`, `2.54` → `2.5`. */
export function oneDecimal(factor: string): string {
  const value = parse(factor);
  return value === null ? factor : plain(trim(round(value, 1)));
}

/** Whether an amount is nothing at all. */
export function isZero(amount: string): boolean {
  return /^0+$/.test(parse(amount)?.digits ?? '');
}

/** How many decimals the amounts need to stand under one another with every digit. */
export function placesNeeded(amounts: ReadonlyArray<string>): number {
  const values = amounts.map(amount => parse(amount));
  return Math.max(
    2,
    ...values.map(value => (value === null ? 0 : trim(value).places))
  );
}

function parse(text: string): IDecimal | null {
  const match = DECIMAL.exec(text);
  if (match === null) {
    return null;
  }
  const [, negative, whole = '', fraction = '', exponent = '0'] = match;
  const places = fraction.length - Number(exponent);
  const digits = whole + fraction + '0'.repeat(Math.max(0, -places));
  return {
    negative: negative === '-',
    digits: digits.replace(/^0+(?=\d)/, ''),
    places: Math.max(0, places)
  };
}

/** Without the zeros behind the last digit that counts. */
function trim(value: IDecimal): IDecimal {
  let { digits, places } = value;
  while (places > 0 && digits.endsWith('0')) {
    digits = digits.slice(0, -1) || '0';
    places -= 1;
  }
  return { ...value, digits, places };
}

function pad(value: IDecimal, places: number): IDecimal {
  const missing = Math.max(0, places - value.places);
  return {
    ...value,
    digits: value.digits + '0'.repeat(missing),
    places: value.places + missing
  };
}

/** To `places` decimals, half to even. */
function round(value: IDecimal, places: number): IDecimal {
  const drop = value.places - places;
  if (drop <= 0) {
    return pad(value, places);
  }
  const digits = value.digits.padStart(drop + 1, '0');
  const kept = BigInt(digits.slice(0, -drop));
  const rest = digits.slice(-drop);
  const half = '5'.padEnd(drop, '0');
  const up = rest > half || (rest === half && kept % 2n === 1n);
  return { ...value, digits: String(up ? kept + 1n : kept), places };
}

function sign(value: IDecimal, currency: string): string {
  const minus = value.negative && /[1-9]/.test(value.digits) ? '−' : '';
  return `${minus}${SIGNS[currency] ?? `${currency} `}${plain(value)}`;
}

/** The number itself, without its sign. */
function plain({ digits, places }: IDecimal): string {
  const all = digits.padStart(places + 1, '0');
  const whole = thousands(all.slice(0, all.length - places));
  return places > 0 ? `${whole}.${all.slice(-places)}` : whole;
}

/** `258048` → `258,048`. */
export function thousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}
