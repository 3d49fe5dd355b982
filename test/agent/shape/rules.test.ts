import { describe, expect, test } from 'vitest';
import { rulesSchema } from '../../../agent/config/shape.ts';
import { newShapeCounts } from '../../../agent/shape/counts.ts';
import { compileRules, rulesStage } from '../../../agent/shape/rules.ts';
import { collector, line, type LineText } from './lines.ts';

function passes(rule: Readonly<Record<string, unknown>>, given: LineText): boolean {
  const counts = newShapeCounts();
  const stage = rulesStage(compileRules(rulesSchema.parse([{ name: 'r', action: 'drop', ...rule }])), counts);
  const { lines, sink } = collector();
  stage.take(line(given), sink);
  const dropped = counts.dropped.get('rule:r') ?? 0;
  expect(lines.length + dropped).toBe(1);
  return dropped === 0;
}

describe('conditions', () => {
  test.each<[Readonly<Record<string, unknown>>, LineText, boolean]>([
    [{ labels: { app: 'web' } }, { labels: { app: 'web' } }, true],
    [{ labels: { app: 'web' } }, { labels: { app: 'webs' } }, false],
    [{ labels: { app: ['a', 'web'] } }, { labels: { app: 'web' } }, true],
    [{ labels: { app: { regexp: 'we.' } } }, { labels: { app: 'web' } }, true],
    [{ labels: { app: { regexp: 'we' } } }, { labels: { app: 'web' } }, false],
    [{ labels: { app: { not: 'web' } } }, { labels: {} }, true],
    [{ labels: { app: { not: ['web'] } } }, { labels: { app: 'web' } }, false],
    [{ labels: { app: { present: false } } }, {}, true],
    [{ labels: { app: { present: true } } }, {}, false],
    [{ fields: { path: '/healthz' } }, { fields: { path: '/healthz' } }, true],
    [{ fields: { path: '/healthz' } }, {}, false],
    [{ fields: { 'http.status': { regexp: '5..' } } }, { fields: { 'http.status': '503' } }, true],
    [{ level: 'debug' }, { level: 'debug' }, true],
    [{ level: ['debug', 'trace'] }, { level: 'info' }, false],
    [{ max_level: 'debug' }, { level: 'trace' }, true],
    [{ max_level: 'debug' }, { level: 'info' }, false],
    [{ max_level: 'debug' }, {}, false],
    [{ min_level: 'warn' }, { level: 'fatal' }, true],
    [{ contains: 'GET /healthz' }, { text: 'x GET /healthz y' }, true],
    [{ contains: ['one', 'two'] }, { text: 'it is two' }, true],
    // What stands beside the line in the block is no part of it.
    [{ contains: 'before' }, { text: 'x' }, false],
    [{ contains: 'after' }, { text: 'x' }, false],
    [{ regexp: '^GET .* 2\\d\\d$' }, { text: 'GET /a 204' }, true],
    [{ regexp: '(?i)timeout' }, { text: 'a TimeOut' }, true],
    [{ regexp: 'after$' }, { text: 'x' }, false],
    [{ labels: { app: 'web' }, contains: 'x', level: 'info' }, { labels: { app: 'web' }, text: 'x', level: 'info' }, true],
    [{ labels: { app: 'web' }, contains: 'x', level: 'info' }, { labels: { app: 'web' }, text: 'x', level: 'warn' }, false],
    [{}, { text: 'anything' }, true],
  ])('%j fits %j: %s', (rule, given, fits) => {
    expect(passes(rule, given)).toBe(!fits);
  });
});

test('the first rule that fits decides, and is counted by its name', () => {
  const counts = newShapeCounts();
  const stage = rulesStage(compileRules(rulesSchema.parse([
    { name: 'errors', action: 'keep', min_level: 'error' },
    { name: 'health', action: 'drop', contains: '/healthz' },
    { name: 'rest of web', action: 'drop', labels: { app: 'web' } },
  ])), counts);
  const { lines, sink } = collector();
  for (const given of [
    { text: 'GET /healthz', level: 'error' }, { text: 'GET /healthz' }, { text: 'other', labels: { app: 'web' } }, { text: 'other', labels: { app: 'db' } }, { text: 'GET /healthz', labels: { app: 'web' } },
  ]) stage.take(line(given), sink);
  expect(lines.map(({ text, labels }) => [text, labels])).toEqual([['GET /healthz', {}], ['other', { app: 'db' }]]);
  expect(Object.fromEntries(counts.dropped)).toEqual({ 'rule:health': 2, 'rule:rest of web': 1 });
  expect(Object.fromEntries(counts.droppedBytes)).toEqual({ 'rule:health': 24, 'rule:rest of web': 5 });
  expect(Object.fromEntries(counts.kept)).toEqual({ errors: 1 });
});

test.each([
  [[{ name: 'a', action: 'drop', regexp: '(' }], /missing closing/],
  [[{ name: 'a', action: 'drop' }, { name: 'a', action: 'keep' }], /two rules named/],
  [[{ name: 'a', action: 'drop', level: 'loud' }], /loud|Invalid/],
  [[{ name: 'a', action: 'drop', colour: 'red' }], /colour/],
])('settings %j are refused', (rules, message) => {
  expect(() => rulesSchema.parse(rules)).toThrow(message);
});
