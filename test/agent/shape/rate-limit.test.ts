import { describe, expect, test } from 'vitest';
import { rateLimitSchema } from '../../../agent/config/shape.ts';
import { newShapeCounts, type ShapeCounts } from '../../../agent/shape/counts.ts';
import { podBudgets, RateLimits, rateLimitStage } from '../../../agent/shape/rate-limit.ts';
import type { Stage } from '../../../agent/pipeline/stage.ts';
import { collector, line, type LineText, type TakenLine } from './lines.ts';

class Run {
  readonly counts: ShapeCounts = newShapeCounts();
  readonly lines: TakenLine[];
  readonly stage: Stage;
  readonly #sink;

  constructor(settings: Readonly<Record<string, unknown>>) {
    const options = rateLimitSchema.parse(settings);
    this.stage = rateLimitStage(options, podBudgets(options), this.counts);
    const { lines, sink } = collector();
    this.lines = lines;
    this.#sink = sink;
  }

  take(given: LineText): void {
    this.stage.take(line(given), this.#sink);
  }

  tick(nowMs: number): void {
    this.stage.tick?.(nowMs, this.#sink, true);
  }

  flush(): void {
    this.stage.flush?.(this.#sink);
  }

  get dropped(): number {
    return this.counts.dropped.get('rate_limit') ?? 0;
  }
}

test('a burst passes, then the rate, by the time of the lines', () => {
  const run = new Run({ lines_per_second: 10, burst_seconds: 3 });
  for (let i = 0; i < 100; i++) run.take({ text: `${i}`, seconds: 1000, nanos: i });
  expect(run.lines.length).toBe(30);
  for (let second = 1001; second < 1005; second++) for (let i = 0; i < 100; i++) run.take({ text: 'x', seconds: second, nanos: i });
  expect(run.lines.length).toBe(30 + 4 * 10);
  expect(run.dropped).toBe(70 + 360);
  // After a quiet time there is a burst again, no more.
  for (let i = 0; i < 100; i++) run.take({ text: 'y', seconds: 1100, nanos: i });
  expect(run.lines.filter(({ text }) => text === 'y').length).toBe(30);
});

test('bytes are limited as well; a line that is larger than a burst passes when nothing else did', () => {
  const run = new Run({ bytes_per_second: 100, burst_seconds: 1 });
  for (let i = 0; i < 10; i++) run.take({ text: 'x'.repeat(30), seconds: 5, nanos: i });
  expect(run.lines.length).toBe(3);
  expect(run.counts.droppedBytes.get('rate_limit')).toBe(210);
  run.take({ text: 'y'.repeat(500), seconds: 6 });
  expect(run.lines.at(-1)?.text.length).toBe(500);
  run.take({ text: 'z', seconds: 7 });
  expect(run.lines.at(-1)?.text).not.toBe('z');
});

test('a rate below one line a second', () => {
  const run = new Run({ lines_per_second: 0.5, burst_seconds: 2 });
  for (let second = 0; second < 100; second++) run.take({ text: String(second), seconds: 1000 + second });
  expect(run.lines.filter(({ text }) => !text.startsWith('spoor:')).length).toBeGreaterThanOrEqual(49);
  expect(run.lines.filter(({ text }) => !text.startsWith('spoor:')).length).toBeLessThanOrEqual(51);
});

describe('markers', () => {
  test('say what was dropped, in the stream, with the time of the last line that was', () => {
    const run = new Run({ lines_per_second: 2, burst_seconds: 1, marker_interval: '5s' });
    for (let i = 0; i < 10; i++) run.take({ text: 'abcde', seconds: 100, nanos: i, stream: 1, labels: { app: 'web' }, file: 7, offset: 1000 + i });
    expect(run.lines.length).toBe(2);
    run.take({ text: 'later', seconds: 106, stream: 1, labels: { app: 'web' } });
    expect(run.lines[2]).toEqual({
      text: "spoor: 8 lines (40 B) of this stream were dropped here: over the pod's limit of 2 lines a second", stream: 1, seconds: 100, nanos: 9, labels: { app: 'web' },
      metadata: { spoor_dropped_bytes: '40', spoor_dropped_lines: '8' }, level: null, file: 7, offset: 1009,
    });
    expect(run.lines[3]?.text).toBe('later');
    expect(run.counts.markers).toBe(1);
  });

  test('come at most once in an interval', () => {
    const run = new Run({ lines_per_second: 1, burst_seconds: 1, marker_interval: '10s' });
    for (let second = 0; second < 100; second++) for (let i = 0; i < 5; i++) run.take({ text: 'x', seconds: 1000 + second, nanos: i });
    const markers = run.lines.filter(({ text }) => text.startsWith('spoor:'));
    expect(markers.length).toBeGreaterThanOrEqual(8);
    expect(markers.length).toBeLessThanOrEqual(10);
    run.flush();
    const said = run.lines.map(({ metadata }) => Number(metadata['spoor_dropped_lines'] ?? 0)).reduce((sum, count) => sum + count, 0);
    expect(said).toBe(run.dropped);
  });

  test('come after a quiet interval, or when the container is gone, without another line', () => {
    const run = new Run({ lines_per_second: 1, burst_seconds: 1, marker_interval: '1s' });
    for (let i = 0; i < 5; i++) run.take({ text: 'x', seconds: 10, nanos: i });
    run.tick(5000);
    run.tick(5900);
    expect(run.counts.markers).toBe(0);
    run.tick(6000);
    expect(run.counts.markers).toBe(1);
    run.take({ text: 'x', seconds: 10, nanos: 9 });
    run.flush();
    expect(run.lines.at(-1)?.text).toContain('spoor: 1 line (');
  });
});

test('containers of a pod share its budget, also where one is read behind the other', () => {
  const limits = new RateLimits();
  const options = rateLimitSchema.parse({ lines_per_second: 10, burst_seconds: 1 });
  const counts = newShapeCounts();
  const { lines, sink } = collector();
  const one = rateLimitStage(options, limits.of('uid', options), counts);
  const two = rateLimitStage(options, limits.of('uid', options), counts);
  for (let i = 0; i < 8; i++) one.take(line({ text: 'one', seconds: 50, nanos: i }), sink);
  for (let i = 0; i < 8; i++) two.take(line({ text: 'two', seconds: 50, nanos: i }), sink);
  expect(lines.filter(({ text }) => text === 'two').length).toBe(2);
  // Twenty seconds of one, then the same twenty of the other, within the rate together: nothing is dropped.
  const before = counts.dropped.get('rate_limit');
  for (const stage of [one, two]) for (let second = 60; second < 80; second++) for (let i = 0; i < 4; i++) stage.take(line({ text: 'x', seconds: second, nanos: i }), sink);
  expect(counts.dropped.get('rate_limit')).toBe(before);
  expect(limits.of('other', options)).not.toBe(limits.of('uid', options));
});
