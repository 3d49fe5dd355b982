import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../../src/model/mod.ts';
import { samplingSchema } from '../../../../agent/config/shape.ts';
import { newShapeCounts, type ShapeCounts } from '../../../../agent/shape/counts.ts';
import { Decisions } from '../../../../agent/shape/tail/decisions.ts';
import { TailSampler } from '../../../../agent/shape/tail/sampler.ts';
import { compileMarks, tailSampleStage } from '../../../../agent/shape/tail/stage.ts';
import { weighLine } from '../../../../agent/shape/weight.ts';
import type { Stage } from '../../../../agent/pipeline/stage.ts';
import { copyOf, line, temporaryDir, type LineText, type TakenLine } from '../lines.ts';

const startMs = Date.UTC(2026, 10, 22);

/** A sampler with containers, and a clock that the test moves. */
class Node {
  readonly clock = new ManualClock(BigInt(startMs) * 1_000_000n);
  readonly counts: ShapeCounts = newShapeCounts();
  readonly lines: TakenLine[] = [];
  readonly sampler: TailSampler;
  readonly decisions: Decisions;
  readonly #stages: Stage[] = [];
  readonly #marker;
  readonly #offsets = new Map<number, number>();

  constructor(settings: Readonly<Record<string, unknown>>, dir: string | null = null) {
    const { tail } = samplingSchema.parse({ tail: { window: '5s', fraction: 0, slow: '500ms', ...settings } });
    if (tail === undefined) throw new Error('no tail');
    this.decisions = new Decisions(dir, tail.decisionsMax, (_, error) => {
      throw error;
    });
    this.sampler = new TailSampler(tail, this.decisions, weighLine, this.clock, this.counts);
    this.#marker = compileMarks(tail);
  }

  stage(container: number): Stage {
    return (this.#stages[container] ??= tailSampleStage(this.#marker, this.sampler));
  }

  /** A line of a container, written now unless `atMs` (after the start) says otherwise. */
  take(container: number, given: LineText & { readonly atMs?: number }): void {
    const ms = given.atMs === undefined ? this.clock.nowMs() : startMs + given.atMs;
    const offset = this.#offsets.get(container) ?? 0;
    this.#offsets.set(container, offset + 100);
    const view = line({ seconds: Math.floor(ms / 1000), nanos: Math.round((ms % 1000) * 1e6), file: container, offset, labels: { c: String(container) }, ...given });
    this.stage(container).take(view, (out) => this.lines.push(copyOf(out)));
  }

  /** Time passes; everything that was written is read. */
  pass(ms: number, caughtUp: (container: number) => boolean = () => true): void {
    for (let left = ms; left > 0; left -= 200) {
      this.clock.advanceMs(Math.min(left, 200));
      for (const [container, stage] of this.#stages.entries()) stage?.tick?.(this.clock.monotonicMs(), () => undefined, caughtUp(container));
    }
  }

  texts(): string[] {
    return this.lines.map(({ text }) => text);
  }
}

const trace = (i: number): string => i.toString(16).padStart(16, '0') + (BigInt(i + 1) * 0x9e3779b97f4a7c15n % 2n ** 64n).toString(16).padStart(16, '0');

describe('a trace is kept whole', () => {
  test('where any line is an error, whichever container it is from, also for lines before and after it', () => {
    const node = new Node({});
    node.take(0, { text: 'begin', trace: trace(1) });
    node.take(1, { text: 'other begin', trace: trace(2) });
    node.pass(100);
    node.take(2, { text: 'failed', trace: trace(1), level: 'error' });
    node.pass(100);
    node.take(1, { text: 'end', trace: trace(1) });
    expect(node.lines).toEqual([]);
    node.pass(9000);
    expect(node.texts()).toEqual(['begin', 'failed', 'end']);
    expect(node.lines.map(({ labels, level, metadata }) => ({ labels, level, metadata }))).toEqual([
      { labels: { c: '0' }, level: null, metadata: {} }, { labels: { c: '2' }, level: 'error', metadata: {} }, { labels: { c: '1' }, level: null, metadata: {} },
    ]);
    expect(node.counts.tail).toMatchObject({ keptByError: 1, dropped: 1, openTraces: 0, heldLines: 0, late: 0, early: 0 });
    expect(node.counts.dropped.get('tail_sample')).toBe(1);
  });

  test.each<[string, LineText]>([
    ['a number of ms', { fields: { duration_ms: '500' } }], ['a Go duration', { fields: { duration: '1.2s' } }], ['a bare number', { fields: { latency: '700' } }], ['seconds of nginx', { fields: { request_time: '0.512' } }],
    ['nanoseconds of ECS', { fields: { 'event.duration': '600000000' } }],
  ])('where a line is slow: %s', (_, given) => {
    const node = new Node({});
    node.take(0, { text: 'a', trace: trace(1) });
    node.take(0, { text: 'b', trace: trace(1), ...given });
    node.pass(9000);
    expect(node.texts()).toEqual(['a', 'b']);
    expect(node.counts.tail.keptBySlow).toBe(1);
  });

  test('where its lines span the threshold, and not below it', () => {
    const node = new Node({});
    node.take(0, { text: 'a', trace: trace(1) });
    node.take(0, { text: 'x', trace: trace(2) });
    node.pass(400);
    node.take(1, { text: 'y', trace: trace(2) });
    node.pass(100);
    node.take(1, { text: 'b', trace: trace(1) });
    node.pass(9000);
    expect(node.texts()).toEqual(['a', 'b']);
  });

  test('where a line fits a rule', () => {
    const node = new Node({ keep: [{ contains: 'checkout' }, { labels: { c: '3' } }] });
    node.take(0, { text: 'a', trace: trace(1) });
    node.take(1, { text: 'checkout', trace: trace(1) });
    node.take(3, { text: 'three', trace: trace(2) });
    node.take(0, { text: 'z', trace: trace(3) });
    node.pass(9000);
    expect(node.texts()).toEqual(['a', 'checkout', 'three']);
    expect(node.counts.tail.keptByRule).toBe(2);
  });

  test('or by the fraction, with its weight; the same traces on every node', () => {
    const kept = [0, 1].map((container) => {
      const node = new Node({ fraction: 0.25 });
      for (let i = 0; i < 2000; i++) for (const text of ['a', 'b']) node.take(container, { text: `${i} ${text}`, trace: trace(i) });
      node.pass(9000);
      expect(new Set(node.lines.map(({ metadata }) => metadata['spoor_sample_rate']))).toEqual(new Set(['0.25']));
      expect(node.counts.tail.keptByFraction * 2).toBe(node.lines.length);
      return node.texts();
    });
    expect(kept[0]).toEqual(kept[1]);
    expect(Math.abs((kept[0]?.length ?? 0) - 1000)).toBeLessThan(120);
  });

  test('lines without a trace ID pass at once', () => {
    const node = new Node({});
    node.take(0, { text: 'plain' });
    expect(node.texts()).toEqual(['plain']);
    expect(node.sampler.heldFrom(0, 0)).toBeNull();
  });
});

describe('late lines', () => {
  test('follow the decision', () => {
    const node = new Node({});
    node.take(0, { text: 'a', trace: trace(1), level: 'fatal' });
    node.take(0, { text: 'x', trace: trace(2) });
    node.pass(9000);
    node.take(1, { text: 'late', trace: trace(1) });
    node.take(1, { text: 'late x', trace: trace(2), level: 'error' });
    expect(node.texts()).toEqual(['a', 'late']);
    expect(node.counts.tail.late).toBe(2);
  });

  test('also after the process was killed; and a trace that is read in part again is kept as before', () => {
    using dir = temporaryDir();
    const first = new Node({ fraction: 0.5 }, dir.path);
    for (let i = 0; i < 50; i++) {
      first.take(0, { text: `begin ${i}`, trace: trace(i) });
      first.take(1, { text: `end ${i}`, trace: trace(i), level: i % 10 === 0 ? 'error' : 'info' });
    }
    first.pass(9000);
    const kept = new Map(first.lines.filter(({ text }) => text.startsWith('begin')).map(({ text, metadata }) => [text, metadata]));
    // Container 1 was delivered and confirmed, container 0 was not.
    const second = new Node({ fraction: 0.5 }, dir.path);
    for (let i = 0; i < 50; i++) second.take(0, { text: `begin ${i}`, trace: trace(i) });
    second.pass(9000);
    expect(new Map(second.lines.map(({ text, metadata }) => [text, metadata]))).toEqual(kept);
  });
});

describe('positions', () => {
  test('are held at the first line that is held, by file and stream', () => {
    const node = new Node({});
    node.take(4, { text: 'a', trace: trace(1), level: 'error' });
    node.pass(1000);
    node.take(4, { text: 'b', trace: trace(2), stream: 1 });
    node.take(4, { text: 'c', trace: trace(3) });
    const stage = node.stage(4);
    const from = (): (number | null | undefined)[] => ([0, 1, 2] as const).map((stream) => stage.heldFrom?.(4, stream));
    expect(from()).toEqual([0, 100, null]);
    expect(stage.heldFrom?.(5, 0)).toBeNull();
    node.pass(7000);
    expect(from()).toEqual([200, 100, null]);
    node.pass(2000);
    expect(from()).toEqual([null, null, null]);
  });

  test('property: never past a line that was neither handed on nor dropped, always at one that is held', () => {
    const step = fc.record({ container: fc.integer({ min: 0, max: 3 }), trace: fc.integer({ min: 0, max: 12 }), stream: fc.constantFrom(0 as const, 1 as const), error: fc.boolean(), pass: fc.integer({ min: 0, max: 1500 }) });
    fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const node = new Node({ window: '2s', fraction: 0.5, traces_max: 100 });
      const taken: { readonly text: string; readonly file: number; readonly stream: number; readonly offset: number }[] = [];
      const offsets = new Map<number, number>();
      for (const [i, { container, trace: id, stream, error, pass }] of steps.entries()) {
        const offset = offsets.get(container) ?? 0;
        offsets.set(container, offset + 100);
        taken.push({ text: String(i), file: container, stream, offset });
        node.take(container, { text: String(i), trace: trace(id), stream, level: error ? 'error' : 'info' });
        if (pass > 500) node.pass(pass);
        for (const file of offsets.keys()) {
          for (const one of [0, 1] as const) {
            const held = node.sampler.heldFrom(file, one);
            const emitted = new Set(node.texts());
            if (held !== null) expect(taken.some((other) => other.file === file && other.stream === one && other.offset === held && !emitted.has(other.text))).toBe(true);
            for (const other of taken) if (other.file === file && other.stream === one && emitted.has(other.text) && other.offset === held) throw new Error('handed on and held');
          }
        }
      }
      node.pass(8000);
      expect(node.counts.tail).toMatchObject({ heldLines: 0, openTraces: 0 });
      const dropped = node.counts.dropped.get('tail_sample') ?? 0;
      expect(node.lines.length + dropped).toBe(steps.length);
      for (const file of offsets.keys()) for (const one of [0, 1] as const) expect(node.sampler.heldFrom(file, one)).toBeNull();
    }));
  });
});

describe('catching up', () => {
  test('decides by the time of the lines: a container that is read behind the others is waited for', () => {
    const node = new Node({});
    node.clock.advanceMs(3_600_000);
    // An hour later: container 0 is read through ten minutes at once, container 1 stands at the beginning.
    for (let second = 0; second < 600; second++) node.take(0, { text: `a${second}`, trace: trace(second), atMs: second * 1000 });
    node.take(1, { text: 'b0', trace: trace(0), atMs: 10 });
    node.pass(20_000, () => false);
    expect(node.lines).toEqual([]);
    expect(node.counts.tail.dropped).toBe(0);
    // It is read on, slowly: its lines still find their traces.
    for (let second = 1; second < 600; second++) {
      node.take(1, { text: `b${second}`, trace: trace(second), atMs: second * 1000 + 20, level: second % 100 === 0 ? 'error' : 'info' });
      if (second % 60 === 0) node.pass(200, () => false);
    }
    node.pass(2000);
    expect(node.texts()).toEqual([100, 200, 300, 400, 500].flatMap((second) => [`a${second}`, `b${second}`]));
    expect(node.counts.tail).toMatchObject({ keptByError: 5, dropped: 595, early: 0, late: 0 });
  });

  test('a container that never says that it is read to its end does not hold the others up for ever', () => {
    const node = new Node({});
    node.take(1, { text: 'old', atMs: -3_600_000 });
    node.take(0, { text: 'a', trace: trace(1), level: 'error' });
    node.pass(30_000, () => false);
    expect(node.texts()).toEqual(['old']);
    node.pass(60_000, () => false);
    expect(node.texts()).toEqual(['old', 'a']);
  });

  test('a clock that is set back or forth leaves nothing behind', () => {
    const node = new Node({});
    node.take(0, { text: 'future', trace: trace(1), atMs: 86_400_000, level: 'error' });
    node.take(0, { text: 'past', trace: trace(2), atMs: -86_400_000, level: 'error' });
    node.pass(10_000);
    expect(node.texts()).toEqual(['future', 'past']);
  });
});

test('lines of a container that is gone are handed on when their traces are decided', () => {
  const node = new Node({});
  node.take(0, { text: 'crashing', trace: trace(1) });
  node.stage(0).flush?.(() => undefined);
  node.take(1, { text: 'error', trace: trace(1), level: 'error' });
  node.pass(9000);
  expect(node.texts()).toEqual(['crashing', 'error']);
});

describe('memory', () => {
  test('100,000 open traces stay under the limit, and errors that are known are kept', () => {
    const bytesMax = 64 * 2 ** 20;
    const node = new Node({ memory_max: '64MB', traces_max: 100_000, decisions_max: 100_000, fraction: 0.01, window: '60s' });
    const text = 'x'.repeat(150);
    const view = line({ text });
    const emitted: string[] = [];
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 100_000; i++) {
        view.seconds = startMs / 1000;
        view.trace = trace(i);
        view.level = round === 1 && i % 1000 === 0 ? 'error' : 'info';
        view.offset = round * 100_000 + i;
        view.file = i % 40;
        node.stage(i % 40).take(view, (out) => emitted.push(copyOf(out).text));
        if (i % 10_000 === 0) expect(node.counts.tail.heldBytes).toBeLessThanOrEqual(bytesMax);
      }
      if (round === 0) expect(node.counts.tail).toMatchObject({ openTraces: 100_000, early: 0 });
    }
    const { tail } = node.counts;
    expect(tail.heldBytesPeak).toBeLessThanOrEqual(bytesMax);
    // Table, columns and decisions come on top.
    expect(node.sampler.memoryBytes).toBeLessThan(bytesMax + 24 * 2 ** 20);
    expect(tail.early).toBeGreaterThan(0);
    expect(tail.late).toBeGreaterThan(0);
    node.pass(80_000);
    // Of the second round's errors the traces are kept that were open still; those decided before followed the fraction.
    expect(tail.keptByError).toBeGreaterThan(50);
    expect(tail).toMatchObject({ heldLines: 0, openTraces: 0 });
    expect(emitted.length + (node.counts.dropped.get('tail_sample') ?? 0)).toBe(400_000);
    process.stdout.write(`100,000 open traces: lines held at most ${(tail.heldBytesPeak / 2 ** 20).toFixed(1)} MiB, with tables ${(node.sampler.memoryBytes / 2 ** 20).toFixed(1)} MiB\n`);
  }, 120_000);

  test('a line that is larger than all there is decides for itself', () => {
    const node = new Node({ memory_max: '1MB' });
    node.take(0, { text: 'small', trace: trace(2), level: 'error' });
    node.take(0, { text: Buffer.alloc(2 ** 21, 'x'), trace: trace(1), level: 'error' });
    node.take(0, { text: Buffer.alloc(2 ** 21, 'y'), trace: trace(3) });
    expect(node.lines.map(({ text }) => text.length)).toEqual([5, 2 ** 21]);
    expect(node.counts.tail.early).toBe(3);
  });

  test('more traces than allowed: the oldest are decided early', () => {
    const node = new Node({ traces_max: 100 });
    for (let i = 0; i < 1000; i++) node.take(0, { text: `${i}`, trace: trace(i), level: i < 10 ? 'error' : 'info' });
    expect(node.counts.tail.openTraces).toBeLessThanOrEqual(100);
    expect(node.texts()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(node.counts.tail.early).toBeGreaterThanOrEqual(900);
  });
});
