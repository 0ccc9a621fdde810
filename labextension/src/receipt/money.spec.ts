import {
  isZero,
  longMoney,
  oneDecimal,
  placesNeeded,
  shortMoney
} from './money';

describe('money on a line', () => {
  it.each([
    ['0', '$0.00'],
    ['0.0043008', '$0.0043'],
    ['0.0802368', '$0.080'],
    ['0.00125', '$0.0012'],
    ['0.00135', '$0.0014'],
    ['0.001250000000000000001', '$0.0013'],
    ['0.0996', '$0.10'],
    ['0.995', '$1.00'],
    ['0.985', '$0.98'],
    ['0.5', '$0.50'],
    ['1.005', '$1.00'],
    ['1.015', '$1.02'],
    ['12', '$12.00'],
    ['1234567.891', '$1,234,567.89'],
    ['9.6E-7', '$0.00000096'],
    ['1E+3', '$1,000.00'],
    ['-0.0043008', '−$0.0043']
  ])('%s is %s', (amount, shown) => {
    expect(shortMoney(amount, 'USD')).toBe(shown);
  });

  it('is exact where a float is not', () => {
    // As a float this is 0.00285 and a bit less; as a decimal it is a tie and goes to even.
    expect(shortMoney('0.00285', 'USD')).toBe('$0.0028');
    expect(longMoney('123456789012345678.000000000000001', 'USD')).toBe(
      '$123,456,789,012,345,678.000000000000001'
    );
  });

  it('has the sign of its currency, or its code', () => {
    expect(
      ['USD', 'CNY', 'EUR'].map(currency => shortMoney('0.5', currency))
    ).toEqual(['$0.50', '¥0.50', 'EUR 0.50']);
  });

  it('shows what is no number as it is', () => {
    expect(shortMoney('NaN', 'USD')).toBe('NaN');
  });
});

describe('money in the details', () => {
  it.each([
    ['1.2', 2, '$1.20'],
    ['0.003072', 7, '$0.0030720'],
    ['0.00430080', 2, '$0.0043008'],
    ['5E-8', 2, '$0.00000005'],
    ['0', 4, '$0.0000']
  ])('%s to %d places is %s', (amount, places, shown) => {
    expect(longMoney(amount, 'USD', places)).toBe(shown);
  });

  it('stands under one another with every digit', () => {
    expect(placesNeeded(['0.0009216', '0.0030720', '1'])).toBe(7);
    expect(placesNeeded(['0.10', '2.0E-7'])).toBe(7);
    expect(placesNeeded([])).toBe(2);
  });
});

it('knows nothing from almost nothing', () => {
  expect(['0', '0.00', '0E-7', '-0'].every(isZero)).toBe(true);
  expect(['1E-7', '0.01', 'NaN'].some(isZero)).toBe(false);
});

it('shows a factor with one decimal at most', () => {
  expect(['2', '2.00', '2.5', '1.666', '10'].map(oneDecimal)).toEqual([
    '2',
    '2',
    '2.5',
    '1.7',
    '10'
  ]);
});
