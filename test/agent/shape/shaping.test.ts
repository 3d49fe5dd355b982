import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/model/mod.ts';
import { rateLimitSchema, redactSchema, relabelSchema, rulesSchema, samplingSchema } from '../../../agent/config/shape.ts';
import type { LineSink } from '../../../agent/join/line.ts';
import { Shaping, type ShapeOverrides, type ShapeStages } from '../../../agent/shape/shaping.ts';
import { collector, line, temporaryDir, type LineText } from './lines.ts';

const pod = { namespace: 'shop', pod: 'web-1', uid: 'u-1' };

function shaping(settings: Readonly<Record<string, unknown>>, stateDir: string | null = null, clock = new ManualClock(1_800_000_000n * 1_000_000_000n)): Shaping {
  return new Shaping({
    redact: redactSchema.parse(settings['redact'] ?? {}), rules: rulesSchema.parse(settings['rules'] ?? []), relabel: relabelSchema.parse(settings['relabel'] ?? []),
    rateLimit: rateLimitSchema.optional().parse(settings['rate_limit']), sampling: samplingSchema.optional().parse(settings['sampling']),
  }, { stateDir, clock, failed: (path, error) => {
    throw new Error(path, { cause: error });
  } });
}

const present = (stages: ShapeStages): string[] => Object.entries(stages).filter(([, stage]) => stage !== null).map(([name]) => name);
const all = { redact: { builtin: 'all' }, rules: [{ name: 'r', action: 'drop' }], relabel: [{ action: 'labeldrop', regex: 'x' }], rate_limit: { lines_per_second: 1 }, sampling: { fraction: 0.5, tail: {} } };

test.each<[Readonly<Record<string, unknown>>, ShapeOverrides, string[]]>([
  [{}, {}, ['redact']],
  [{ redact: { builtin: 'none' } }, {}, []],
  [{ rate_limit: {}, sampling: {} }, {}, ['redact']],
  [all, {}, ['redact', 'rules', 'relabel', 'rateLimit', 'sampling', 'tailSampling']],
  [all, { redact: 'off', rateLimit: 'off', sampling: 'off' }, ['rules', 'relabel']],
  [{ redact: { builtin: 'none' } }, { redact: redactSchema.parse({ builtin: ['card'] }), rateLimit: rateLimitSchema.parse({ bytes_per_second: '1KB' }), sampling: samplingSchema.parse({ levels: { debug: 0 } }) }, ['redact', 'rateLimit', 'sampling']],
])('settings %j with %j have the stages %j', (settings, overrides, expected) => {
  expect(present(shaping(settings).stages(pod, 'main', overrides))).toEqual(expected);
});

test('stages work one behind the other, and count in one place', () => {
  const shape = shaping({ rules: [{ name: 'noise', action: 'drop', contains: 'noise' }], relabel: [{ source_labels: ['a'], target_label: 'b' }], sampling: { levels: { debug: 0 } } });
  const { redact, rules, relabel, sampling } = shape.stages(pod, 'main');
  const { lines, sink } = collector();
  const through = [redact, rules, relabel, sampling].reduceRight<LineSink>((next, stage) => (view) => stage?.take(view, next), sink);
  for (const given of [{ text: 'password=x1', labels: { a: '1' } }, { text: 'noise' }, { text: 'fine', level: 'debug' }] satisfies LineText[]) through(line(given));
  expect(lines).toMatchObject([{ text: 'password=[redacted:password]', labels: { a: '1', b: '1' } }]);
  expect(Object.fromEntries(shape.counts.dropped)).toEqual({ 'rule:noise': 1, sample: 1 });
  expect(Object.fromEntries(shape.counts.redacted)).toEqual({ password: 1 });
});

test('the sampler of the node lets go of lines though no container asks any more, and writes its decisions into the state directory', () => {
  using dir = temporaryDir();
  const clock = new ManualClock(1_800_000_000n * 1_000_000_000n);
  const shape = shaping({ sampling: { tail: { window: '1s', fraction: 1 } } }, dir.path, clock);
  const stage = shape.stages(pod, 'main').tailSampling;
  const { lines, sink } = collector();
  stage?.take(line({ text: 'last words', trace: '4bf92f3577b34da6a3ce929d0e0e4736' }), sink);
  stage?.flush?.(sink);
  expect(shape.counts.tail.heldLines).toBe(1);
  for (let i = 0; i < 30; i++) {
    clock.advanceMs(200);
    shape.tick();
  }
  expect(lines.map(({ text }) => text)).toEqual(['last words']);
  expect(shape.tailMemoryBytes).toBeGreaterThan(0);
  shape.close();
  expect(existsSync(join(dir.path, 'tail-decisions'))).toBe(true);
});
