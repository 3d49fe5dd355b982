import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LevelFields } from '../../src/distributor/level-fields.ts';
import { levelOfLine } from '../../src/distributor/level.ts';
import { defaultLimits } from '../../src/model/mod.ts';

const fields = new LevelFields(defaultLimits.log_level_fields);
const levelOf = (line: string, names = fields): string => {
  const bytes = Buffer.from(`error ${line} fatal`);
  return levelOfLine(bytes, 6, bytes.length - 6, names, 2);
};

test.each([
  [' {"level":"WARNING"} ', 'warn'], ['{"level":"odd","msg":"an error here"}', 'error'], ['{"level":"trc"', 'unknown'], ['x {"level":"trc"}', 'unknown'], ['{', 'unknown'], ['', 'unknown'],
  ['level=odd error', 'error'], ['level=wrn error', 'warn'], ['a=b error', 'error'], ['wrn error', 'error'], ['   ', 'unknown'], ['{"a":"b=c", "level":"warn"} x', 'warn'],
])('%s is %s', (line, level) => {
  expect(levelOf(line)).toBe(level);
});

test('other field names', () => {
  const own = new LevelFields(['my_level', 'sev']);
  expect(['{"my_level":"trc"}', '{"level":"trc"}', 'MY_LEVEL=trc', 'sev=dbg my_level=trc', 'level=trc'].map((line) => levelOf(line, own))).toEqual(['trace', 'unknown', 'trace', 'trace', 'unknown']);
});

test('any bytes have a level', () => {
  const text = fc.array(fc.constantFrom(...'{}[]":,=\\ level1-'.split('')), { maxLength: 40 }).map((characters) => Buffer.from(characters.join('')));
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), text), fc.nat({ max: 3 }), (bytes, depth) => {
    expect(['trace', 'debug', 'info', 'warn', 'error', 'critical', 'fatal', 'unknown']).toContain(levelOfLine(Buffer.from(bytes), 0, bytes.length, fields, depth));
  }), { numRuns: 5000 });
});
