import { expect, test } from 'vitest';
import { LevelFields } from '../../src/distributor/level-fields.ts';
import { levelOfJson } from '../../src/distributor/level-json.ts';
import { defaultLimits } from '../../src/model/mod.ts';

const fields = new LevelFields(defaultLimits.log_level_fields);
const levelOf = (line: string, depth = 2): string | undefined => {
  // Bytes on both sides must not count.
  const bytes = Buffer.from(`"level":"fatal",${line},"level":"fatal"}`);
  return levelOfJson(bytes, 16, bytes.length - 17, fields, depth);
};

test.each([
  ['{"level":"warn"}', 'warn'], ['{ "level" : "WARNING" }', 'warn'], ['{"a":1,"b":[{"level":"error"}],"lvl":"dbg"}', 'debug'], ['{"a":{"severity":"crit"},"level":"info"}', undefined],
  ['{"a":{"severity":"fatal"},"level":"info"}', 'fatal'], ['{"a":{"b":{"level":"fatal"}},"level":"info"}', 'info'], ['{"level":30,"msg":"x"}', undefined], ['{"level":30,"lvl":"err"}', 'error'],
  ['{"Level":"err"}', 'error'], ['{"leveL":"err"}', undefined], ['{"l\\u0065vel":"trc"}', 'trace'], ['{"lev\\"el":"a","level":"trc"}', 'trace'], ['{"a":"x}","level":"trc"}', 'trace'],
  ['{"a" "level":"trc"}', undefined], ['{"a":nul,"level":"trc"}', undefined], ['{"a":-1.5e3,"b":true,"c":null,"level":"trc"}', 'trace'], ['{"a":[1,"]",[2]],"level":"trc"}', 'trace'], ['{"log.level":"inf"}', 'info'], ['{}', undefined],
  ['{"a":"level","b":"trc"}', undefined], ['{"SeverityText":"inf"}', 'info'], ['{"a":{},"level":"trc",}', 'trace'], ['{"level":"odd","lvl":"trc"}', undefined],
])('%s: %s', (line, level) => {
  expect(levelOf(line)).toBe(level);
});

test('depth', () => {
  const line = '{"a":{"b":{"level":"trc"}}}';
  expect([1, 2, 3, 0].map((depth) => levelOf(line, depth))).toEqual([undefined, undefined, 'trace', 'trace']);
});

test('deep nesting does no harm', () => {
  expect(levelOf(`${'{"a":'.repeat(50_000)}"x"${'}'.repeat(50_000)}`, 0)).toBe(undefined);
});
