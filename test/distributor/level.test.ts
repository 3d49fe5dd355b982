import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LevelFields } from '../../src/distributor/level-fields.ts';
import { knownLevel, knownLevelOf, levelOfSeverityNumber, normalLevel } from '../../src/distributor/level-names.ts';
import { levelOfText } from '../../src/distributor/level-text.ts';
import { levelOfLine } from '../../src/distributor/level.ts';
import { defaultLimits } from '../../src/model/mod.ts';

const fields = new LevelFields(defaultLimits.log_level_fields);
const levelOf = (line: string, depth = 2, names = fields): string => {
  // Bytes on both sides must not count.
  const bytes = Buffer.from(`error ${line} fatal`);
  return levelOfLine(bytes, 6, bytes.length - 6, names, depth);
};

describe('text', () => {
  /** The rule, said with a regular expression. */
  const naive = (line: string): string => {
    const match = /(?<=^|[ \t\n[({"'=|])(trace|debug|fatal|critical|error|err|warning|warn|info)(?=$|[ \t\n[\](){}:,!"'=|])/i.exec(line);
    const word = match?.[1]?.toLowerCase() ?? 'unknown';
    return word === 'err' ? 'error' : word === 'warning' ? 'warn' : word;
  };

  test('as the rule has it', () => {
    const piece = fc.oneof(fc.constantFrom('trace', 'debug', 'fatal', 'critical', 'error', 'err', 'warning', 'warn', 'info', 'ERROR', 'Info', 'wrn', 'inf', 'x', 'é'), fc.constantFrom(...' \t\n[](){}"\'=|:,!./<>-_;\r'.split('')));
    fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const line = pieces.join('');
      const bytes = Buffer.from(`=${line}=`);
      expect(levelOfText(bytes, 1, bytes.length - 1)).toBe(naive(line));
    }), { numRuns: 5000 });
  });
});

describe('JSON', () => {
  test.each([
    ['{"level":"warn"}', 'warn'], [' {"level":"WARNING"} ', 'warn'], ['{"a":1,"b":[{"level":"error"}],"lvl":"dbg"}', 'debug'], ['{"a":{"severity":"crit"},"level":"info"}', 'info'],
    ['{"a":{"severity":"fatal"},"level":"info"}', 'fatal'], ['{"a":{"b":{"level":"fatal"}},"level":"info"}', 'info'], ['{"level":30,"msg":"x"}', 'unknown'], ['{"level":"odd","msg":"an error here"}', 'error'],
    ['{"Level":"err"}', 'error'], ['{"leveL":"err"}', 'error'], ['{"leveL":"trc"}', 'unknown'], ['{"l\\u0065vel":"trc"}', 'trace'], ['{"lev\\"el":"a","level":"trc"}', 'trace'], ['{"a":"x}","level":"trc"}', 'trace'],
    ['{"a" "level":"trc"}', 'unknown'], ['{"a":nul,"level":"trc"}', 'unknown'], ['{"a":-1.5e3,"b":true,"c":null,"level":"trc"}', 'trace'], ['{"a":[1,"]",[2]],"level":"trc"}', 'trace'], ['{"log.level":"inf"}', 'info'], ['{}', 'unknown'], ['{', 'unknown'], ['{"a":"level","b":"trc"}', 'unknown'],
    ['{"level":"trc"', 'unknown'], ['x {"level":"trc"}', 'unknown'], ['{"SeverityText":"inf"}', 'info'], ['{"a":{},"level":"trc",}', 'trace'],
  ])('%s is %s', (line, level) => {
    expect(levelOf(line)).toBe(level);
  });

  test('depth', () => {
    const line = '{"a":{"b":{"level":"trc"}}}';
    expect([1, 2, 3, 0].map((depth) => levelOf(line, depth))).toEqual(['unknown', 'unknown', 'trace', 'trace']);
  });

  test('deep nesting does no harm', () => {
    expect(levelOf(`${'{"a":'.repeat(50_000)}"x"${'}'.repeat(50_000)}`, 0)).toBe('unknown');
  });
});

describe('logfmt', () => {
  test.each([
    ['level=warn', 'warn'], ['msg="x y" LEVEL=Info', 'info'], ['severity=error level=debug', 'debug'], ['lvl=inf severity=err', 'error'], ['level="warning" x', 'warn'], ['level=odd error', 'error'], ['level= x', 'unknown'],
    ['level="wa\\u0072n"', 'warn'], ['level="w\\"x" lvl=trc', 'unknown'], ['a=b=c level=trc', 'unknown'], ['a"b level=trc', 'unknown'], ['=b level=trc', 'unknown'], ['a="unclosed level=trc', 'unknown'], ['level=trc level=dbg', 'trace'],
    ['severity=trc severity=dbg', 'trace'], ['a level=trc', 'trace'], ['level msg=x lvl=trc', 'unknown'], ['log.level=trc', 'trace'],
  ])('%s is %s', (line, level) => {
    expect(levelOf(line)).toBe(level);
  });
});

test('other field names', () => {
  const own = new LevelFields(['my_level', 'sev']);
  expect(['{"my_level":"trc"}', '{"level":"trc"}', 'MY_LEVEL=trc', 'sev=dbg my_level=trc', 'level=trc'].map((line) => levelOf(line, 1, own))).toEqual(['trace', 'unknown', 'trace', 'trace', 'unknown']);
});

test('any bytes have a level', () => {
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.array(fc.constantFrom(...'{}[]":,=\\ level1-'.split('')), { maxLength: 40 }).map((text) => Buffer.from(text.join('')))), fc.nat({ max: 3 }), (bytes, depth) => {
    expect(['trace', 'debug', 'info', 'warn', 'error', 'critical', 'fatal', 'unknown']).toContain(levelOfLine(Buffer.from(bytes), 0, bytes.length, fields, depth));
  }), { numRuns: 5000 });
});

test('names of levels', () => {
  expect(['TRC', 'Dbg', 'inf', 'Information', 'wrn', 'WARNING', 'err', 'Critical', 'FATAL', 'notice', '30', ''].map(normalLevel)).toEqual(['trace', 'debug', 'info', 'info', 'warn', 'warn', 'error', 'critical', 'fatal', 'notice', '30', '']);
  fc.assert(fc.property(fc.string({ maxLength: 12 }), (text) => {
    const bytes = Buffer.from(text);
    expect(knownLevelOf(bytes, 0, bytes.length)).toBe(knownLevel(text));
  }));
});

test('severity numbers', () => {
  expect(['0', '1', '4', '5', '8', '9', '12', '13', '16', '17', '20', '21', '24', '25', '-3', '+9', 'x', '', '9.5', '99999999999999999999'].map(levelOfSeverityNumber)).toEqual(
    ['unknown', 'trace', 'trace', 'debug', 'debug', 'info', 'info', 'warn', 'warn', 'error', 'error', 'fatal', 'fatal', 'unknown', 'trace', 'info', 'info', 'info', 'info', 'info']);
});
