import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { wantsColor } from '../../cli/environment.ts';
import { Printer, withoutControls } from '../../cli/printer.ts';
import { Terminal } from '../../cli/terminal.ts';

test.each([
  { variables: {}, isTTY: true, color: true },
  { variables: {}, isTTY: false, color: false },
  { variables: { CI: 'true' }, isTTY: false, color: false },
  { variables: { NO_COLOR: '1' }, isTTY: true, color: false },
  { variables: { NO_COLOR: '' }, isTTY: true, color: true },
  { variables: { FORCE_COLOR: '1' }, isTTY: false, color: true },
  { variables: { FORCE_COLOR: '0' }, isTTY: true, color: false },
  { variables: { NO_COLOR: '1', FORCE_COLOR: '1' }, isTTY: true, color: false },
  { variables: { TERM: 'dumb' }, isTTY: true, color: false },
])('colours with $variables on a terminal: $isTTY', ({ variables, isTTY, color }) => expect(wantsColor({ isTTY }, variables)).toBe(color));

test('the colour belongs to the label set', async () => {
  const out = new PassThrough();
  const printer = new Printer(new Terminal(out, new PassThrough(), true), { mode: 'default', zone: 'UTC', timeFormat: 'rfc3339', noLabels: false });
  const [a, b] = [new Map([['app', 'a']]), new Map([['app', 'b']])];
  await printer.print([a, b, new Map(a)].map((labels) => ({ entry: { timeNs: 0n, labels, line: 'x' }, shown: labels })), 0);
  const lines = String(out.read()).split('\n');
  expect(lines[0]?.replaceAll('\u001b', '^')).toMatch(/^\^\[34m1970-01-01T00:00:00Z\^\[39m \^\[\d\dm\{app="a"\}\^\[39m x$/);
  expect(lines[2]).toBe(lines[0]);
  expect(lines[1]).not.toBe(lines[0]);
});

test.each([
  ['plain\ttab', 'plain\ttab'],
  ['\u001b[31mred\u001b[0m', '\u001b[31mred\u001b[0m'],
  ['\u001b]0;title\u0007', '^[]0;title^G'],
  ['\u001b[2J\u001b[H', '^[[2J^[[H'],
  ['a\u009b31mb\u007f', 'a\\x9b31mb^?'],
  ['\u0000[1m', '^@[1m'],
])('what a line may do to the terminal: %j', (line, shown) => expect(withoutControls(line)).toBe(shown));
