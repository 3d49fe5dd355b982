import { describe, expect, test } from 'vitest';
import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { samplingSchema } from '../../../agent/config/shape.ts';
import { newShapeCounts } from '../../../agent/shape/counts.ts';
import { sampleStage } from '../../../agent/shape/sample.ts';
import { collector, line, type LineText, type TakenLine } from './lines.ts';

function sampled(settings: Readonly<Record<string, unknown>>, given: readonly LineText[], source = 'ns/pod/c'): readonly TakenLine[] {
  const counts = newShapeCounts();
  const stage = sampleStage(samplingSchema.parse(settings), source, counts);
  const { lines, sink } = collector();
  for (const one of given) stage.take(line(one), sink);
  expect(lines.length + (counts.dropped.get('sample') ?? 0)).toBe(given.length);
  expect(counts.sampled).toBe(lines.length);
  return lines;
}

const many = (make: (i: number) => LineText): LineText[] => Array.from({ length: 10_000 }, (_, i) => make(i));
const trace = (i: number): string => (BigInt(i + 1) * 0x9e3779b97f4a7c15f39cc0605cedc834n).toString(16).padStart(32, '0').slice(-32);

test('at random: about the fraction, the same ones each time, others in another container, with their weight', () => {
  const lines = many((i) => ({ text: `line ${i}`, nanos: i }));
  const kept = sampled({ fraction: 0.1 }, lines);
  expect(kept.length).toBeGreaterThan(850);
  expect(kept.length).toBeLessThan(1150);
  expect(sampled({ fraction: 0.1 }, lines)).toEqual(kept);
  expect(sampled({ fraction: 0.1 }, lines, 'ns/other/c')).not.toEqual(kept);
  expect(new Set(kept.map(({ metadata }) => metadata['spoor_sample_rate']))).toEqual(new Set(['0.1']));
});

test('by level: what has no fraction of its own has that of all', () => {
  const lines = many((i) => ({ text: `line ${i}`, level: ['debug', 'info', 'error', null][i % 4] ?? null }));
  const kept = sampled({ fraction: 0.5, levels: { debug: 0, error: 1 } }, lines);
  const count = (level: string | null): number => kept.filter((one) => one.level === level).length;
  expect(count('debug')).toBe(0);
  expect(count('error')).toBe(2500);
  expect(kept.find((one) => one.level === 'error')?.metadata).toEqual({});
  for (const level of ['info', null]) expect(Math.abs(count(level) - 1250)).toBeLessThan(150);
});

describe('head-based by trace ID', () => {
  const lines = many((i) => ({ text: `line ${i}`, trace: trace(Math.floor(i / 5)), level: i % 5 === 0 ? 'debug' : 'info' }));
  const tracesOf = (kept: readonly TakenLine[]): Set<number> => new Set(kept.map(({ text }) => Math.floor(Number(text.slice(5)) / 5)));

  test('all lines of a trace have one fate, in all containers', () => {
    const kept = sampled({ traces: 0.2 }, lines);
    expect(kept.length).toBe(tracesOf(kept).size * 5);
    expect(Math.abs(tracesOf(kept).size - 400)).toBeLessThan(80);
    expect(sampled({ traces: 0.2 }, lines, 'another/pod/x')).toEqual(kept);
  });

  test('a level with a lower fraction keeps lines of traces that are kept', () => {
    const kept = sampled({ traces: 0.2, levels: { debug: 0.05 } }, lines);
    const whole = tracesOf(kept.filter((one) => one.level === 'info'));
    const debug = tracesOf(kept.filter((one) => one.level === 'debug'));
    expect(debug.size).toBeGreaterThan(20);
    for (const one of debug) expect(whole.has(one)).toBe(true);
  });

  test('by line: each for itself', () => {
    const kept = sampled({ traces: 0.2, by: 'line' }, lines);
    expect(tracesOf(kept).size).toBeGreaterThan(1000);
  });
});

test('weights multiply', () => {
  const metadata = encodeMetadata([{ name: 'a', value: 'b' }, { name: 'spoor_sample_rate', value: '0.5' }]);
  const kept = sampled({ fraction: 0.3 }, many((i) => ({ text: `l${i}`, metadata })));
  expect(kept[0]?.metadata).toEqual({ a: 'b', spoor_sample_rate: '0.15' });
});
