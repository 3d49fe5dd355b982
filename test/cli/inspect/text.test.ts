import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { bytesText, countText, damageText, jsonText, moreText, partText, plural, shown, tableText } from '../../../cli/inspect/text.ts';
import { Terminal } from '../../../cli/terminal.ts';

const terminal = new Terminal(new Writable(), new Writable(), false);

test.each([[0, '0 B'], [999, '999 B'], [1000, '1.0 kB'], [1234, '1.2 kB'], [9949, '9.9 kB'], [9950, '10 kB'], [999_499, '999 kB'], [999_500, '1.0 MB'], [8_388_608, '8.4 MB'], [5e9, '5.0 GB'], [7e12, '7000 GB']])('%i bytes', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test('numbers', () => {
  expect([countText(0), countText(999), countText(1000), countText(1_234_567)]).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([plural(1, 'row'), plural(2000, 'row'), plural(0, 'entry', 'entries')]).toEqual(['1 row', '2,000 rows', '0 entries']);
  expect([partText(1, 3), partText(1, 0)]).toEqual(['33.3 %', '']);
});

test('texts stay on one line, cannot move the cursor, and are cut', () => {
  expect(shown('a\n\tb\r\u001b[2Jü\u0085', 100)).toBe('a\\n\\tb\\r\\x1b[2Jü\\x85');
  expect(shown('abcdef', 3)).toBe('abc…');
  expect(shown('abc', 3)).toBe('abc');
});

test('tables are aligned, and leave out columns of nothing', () => {
  expect(tableText(terminal, [{ title: 'name' }, { title: 'none' }, { title: 'rows', right: true }], [['a', '', '1'], ['longer', '', '10,000']])).toBe('  name      rows\n  a            1\n  longer  10,000\n');
});

test('what was left out, and damage', () => {
  expect([moreText(3, 3, 'rows'), moreText(2000, 3, 'rows')]).toEqual(['', '  … and 1,997 more rows (--all shows them)\n']);
  expect(damageText(terminal, [], 'fine')).toBe('fine\n');
  expect(damageText(terminal, [{ offset: 7, reason: 'bad\n' }], 'fine')).toBe('damaged in 1 place:\n  offset 7: bad\\n\n');
});

test('JSON', () => {
  expect(jsonText({ ns: 2n ** 60n, left: undefined, list: [1n] })).toBe('{"ns":"1152921504606846976","list":["1"]}\n');
});
