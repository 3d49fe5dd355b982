import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { multilineDefaults, multilineSchema, type MultilineOptions } from '../../../agent/config/multiline.ts';
import { newLine, type LineSink } from '../../../agent/join/line.ts';
import { multilineBudget, multilineStage, newMultilineCounts, type MultilineBudget } from '../../../agent/join/multiline.ts';
import type { Stage } from '../../../agent/pipeline/stage.ts';
import { decodeMetadata } from '../../../src/bytes/mod.ts';
import { ordinary, traces } from './corpora.ts';

interface Taken {
  readonly stream: number;
  readonly text: string;
  readonly ms: number;
  readonly offset: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A stage, and lines fed to it one after another as a container writes them. */
class Feed {
  readonly lines: Taken[] = [];
  readonly stage: Stage;
  readonly sink: LineSink = (line) => {
    const metadata = line.metadata === null ? [] : decodeMetadata(line.metadata, 0, line.metadata.length);
    this.lines.push({
      stream: line.stream, text: line.bytes.toString('utf8', line.start, line.end), ms: line.seconds * 1000 + line.nanos / 1e6, offset: line.offset,
      metadata: Object.fromEntries(metadata.map(({ name, value }) => [name, value])),
    });
  };
  #offset = 0;
  readonly #line = newLine();

  constructor(options: Partial<MultilineOptions> = {}, budget: MultilineBudget = multilineBudget(), counts = newMultilineCounts()) {
    this.stage = multilineStage({ ...multilineDefaults, ...options }, budget, counts);
  }

  take(text: string, ms = 0, stream: 0 | 1 | 2 = 0, file = 1): void {
    const bytes = Buffer.from(`..${text}..`);
    Object.assign(this.#line, { stream, seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6, bytes, start: 2, end: bytes.length - 2, metadata: null, file, offset: this.#offset });
    this.#offset += 100;
    this.stage.take(this.#line, this.sink);
    // Nothing of a line may be kept.
    bytes.fill(0x58);
  }

  flush(): string[] {
    this.stage.flush?.(this.sink);
    return this.texts;
  }

  get texts(): string[] {
    return this.lines.map(({ text }) => text);
  }
}

describe('stack traces', () => {
  it.each(Object.entries(traces))('%s', (_, trace) => {
    const feed = new Feed();
    for (const line of ['2026-11-20 INFO before', ...trace.split('\n'), '2026-11-20 INFO after', '{"a":1}']) feed.take(line);
    expect(feed.flush()).toEqual(['2026-11-20 INFO before', trace, '2026-11-20 INFO after', '{"a":1}']);
  });

  it.each(Object.entries(traces))('%s, with Windows line ends', (_, trace) => {
    const feed = new Feed();
    for (const line of trace.split('\n')) feed.take(`${line}\r`);
    expect(feed.flush()).toEqual([trace.split('\n').map((line) => `${line}\r`).join('\n')]);
  });

  it('of two streams, in any mixture, become one entry each', () => {
    const names = Object.keys(traces);
    fc.assert(fc.property(fc.constantFrom(...names), fc.constantFrom(...names), fc.array(fc.boolean(), { minLength: 5, maxLength: 60 }), (left, right, turns) => {
      const feed = new Feed();
      const waiting = [(traces[left] ?? '').split('\n'), (traces[right] ?? '').split('\n')] as const;
      for (const turn of turns) {
        const stream = turn ? 1 : 0;
        const line = waiting[stream].shift();
        if (line !== undefined) feed.take(line, 0, stream);
      }
      for (const stream of [0, 1] as const) for (const line of waiting[stream]) feed.take(line, 0, stream);
      feed.flush();
      expect(feed.lines.filter(({ stream }) => stream === 0).map(({ text }) => text)).toEqual([traces[left]]);
      expect(feed.lines.filter(({ stream }) => stream === 1).map(({ text }) => text)).toEqual([traces[right]]);
    }), { numRuns: 200 });
  });

  it('that follow one another are entries of their own', () => {
    const separate = Object.values(traces).filter((trace) => !trace.startsWith('fail: '));
    const feed = new Feed();
    for (const trace of separate) for (const line of [...trace.split('\n'), '{"between":1}']) feed.take(line);
    expect(feed.flush()).toEqual(separate.flatMap((trace) => [trace, '{"between":1}']));
    const again = new Feed();
    const two = [traces['Node'] ?? '', traces['Java, an exception of any name'] ?? '', traces['Python'] ?? '', traces['Go, a panic'] ?? '', traces['Node'] ?? ''];
    for (const trace of two) for (const line of trace.split('\n')) again.take(line);
    expect(again.flush()).toEqual(two);
  });

  it('without their beginning are one entry, too', () => {
    const feed = new Feed();
    for (const line of ['\tat a.B.c(B.java:1)', '\tat a.B.d(B.java:2)', 'ok']) feed.take(line);
    expect(feed.flush()).toEqual(['\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)', 'ok']);
  });
});

describe('ordinary logs', () => {
  it.each(Object.entries(ordinary))('%s stay as they are', (_, lines) => {
    const feed = new Feed();
    for (const line of lines) feed.take(line);
    expect(feed.flush()).toEqual(lines);
  });

  it('of any mixture stay as they are, whatever the bytes', () => {
    const some = Object.values(ordinary).flat().filter((line) => !/^\s+at |^ {6}|Traceback|panic|fatal error|goroutine/.test(line));
    const line = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...some.filter((text) => /^[{2]|^level=|^INFO|^GET/.test(text))) }, fc.string({ maxLength: 40 }).map((text) => `=${text.replaceAll('\n', '')}`));
    fc.assert(fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
      const feed = new Feed();
      for (const text of lines) feed.take(text);
      expect(feed.flush()).toEqual(lines);
    }), { numRuns: 200 });
  });

  it('lose nothing and change no order, whatever the lines', () => {
    const pieces = [...Object.values(traces).flatMap((trace) => trace.split('\n')), ...Object.values(ordinary).flat()];
    fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom(...pieces), fc.constantFrom<(0 | 1 | 2)[]>(0, 1, 2), fc.constantFrom(0, 0, 0, 5000)), { maxLength: 80 }), fc.constantFrom(2, 3, 1000), (lines, maxLines) => {
      const feed = new Feed({ maxLines });
      let ms = 0;
      for (const [text, stream, gap] of lines) {
        ms += gap;
        feed.take(text, ms, stream);
      }
      feed.flush();
      for (const stream of [0, 1, 2]) {
        const given = lines.filter(([, of]) => of === stream).map(([text]) => text).join('\n');
        expect(feed.lines.filter((line) => line.stream === stream).map(({ text }) => text).join('\n')).toBe(given);
      }
    }), { numRuns: 300 });
  });
});

describe('what an entry is', () => {
  it('has the time and the place of its first line, and holds that place back', () => {
    const feed = new Feed();
    feed.take('ok', 0);
    feed.take('Error: x', 10);
    feed.take('other', 11, 1);
    feed.take('    at f (/x.js:1:1)', 12, 0, 2);
    expect([feed.stage.heldFrom?.(1, 0), feed.stage.heldFrom?.(2, 0), feed.stage.heldFrom?.(1, 1), feed.stage.heldFrom?.(1, 2)]).toEqual([100, 300, null, null]);
    feed.take('ok', 13);
    expect(feed.stage.heldFrom?.(1, 0)).toBeNull();
    expect(feed.lines.at(-2)).toMatchObject({ text: 'Error: x\n    at f (/x.js:1:1)', ms: 10, offset: 100 });
  });

  it('ends where the next line is later by more than the wait, by the times in the log alone', () => {
    const feed = new Feed({ waitMs: 1000 });
    feed.take('Error: x', 0);
    feed.take('    at f (/x.js:1:1)', 1000);
    feed.take('    at g (/x.js:1:1)', 2001);
    expect(feed.flush()).toEqual(['Error: x\n    at f (/x.js:1:1)', '    at g (/x.js:1:1)']);
  });

  it('ends by quiet time, but only while nothing waits to be read', () => {
    const feed = new Feed({ waitMs: 1000 });
    feed.take('Error: x');
    for (const ms of [0, 900, 2000, 5000]) feed.stage.tick?.(ms, feed.sink, false);
    expect(feed.texts).toEqual([]);
    feed.take('    at f (/x.js:1:1)');
    for (const ms of [6000, 7000, 7400]) feed.stage.tick?.(ms, feed.sink, true);
    expect(feed.texts).toEqual([]);
    feed.stage.tick?.(7500, feed.sink, true);
    expect(feed.texts).toEqual(['Error: x\n    at f (/x.js:1:1)']);
  });

  it('is cut at its limits, and marked', () => {
    const counts = newMultilineCounts();
    const byLines = new Feed({ maxLines: 3 }, multilineBudget(), counts);
    byLines.take('Error: x');
    for (let i = 0; i < 4; i++) byLines.take(`    at f${i} (/x.js:1:1)`);
    byLines.flush();
    expect(byLines.lines.map(({ text, metadata }) => [text.split('\n').length, metadata])).toEqual([[3, { spoor_multiline_cut: 'lines' }], [2, {}]]);
    const byBytes = new Feed({ maxBytes: 1024 }, multilineBudget(), counts);
    byBytes.take('Error: x');
    for (let i = 0; i < 100; i++) byBytes.take(`    at f${i} (/some/quite/long/path/x.js:1:1)`);
    byBytes.flush();
    expect(byBytes.lines.every(({ text }) => text.length <= 1024)).toBe(true);
    expect(byBytes.lines.slice(0, -1).every(({ metadata }) => metadata['spoor_multiline_cut'] === 'bytes')).toBe(true);
    expect(counts.cut).toBe(byBytes.lines.length);
  });

  it('is bounded in memory over all streams of the agent', () => {
    const budget = multilineBudget(64 * 1024);
    const counts = newMultilineCounts();
    const feeds = Array.from({ length: 200 }, () => new Feed({ maxBytes: 2 ** 20 }, budget, counts));
    for (const feed of feeds) feed.take('Error: x');
    for (let i = 0; i < 30; i++) for (const feed of feeds) feed.take(`    at ${'f'.repeat(400)} (/x.js:1:1)`);
    expect(budget.bytes).toBeLessThanOrEqual(64 * 1024);
    for (const feed of feeds) feed.flush();
    expect(feeds.every((feed) => feed.texts.join('\n').split('\n').length === 31)).toBe(true);
    expect(counts.cutForMemory).toBeGreaterThan(0);
    expect(feeds.some(({ lines }) => lines.some(({ metadata }) => metadata['spoor_multiline_cut'] === 'memory'))).toBe(true);
  });

  it('is not made of lines that no parser understood', () => {
    const feed = new Feed();
    for (const line of ['Error: x', '    at f (/x.js:1:1)']) feed.take(line, 0, 2);
    expect(feed.texts).toHaveLength(2);
  });
});

describe('explicit patterns', () => {
  it('begin an entry at each line that matches', () => {
    const feed = new Feed({ mode: 'pattern', start: String.raw`^\d{4}-\d{2}-\d{2}` });
    for (const line of ['lost', 'too', '2026-11-20 one', '  more', '', 'and more', '2026-11-20 two', '2026-11-20 three', 'end']) feed.take(line);
    expect(feed.flush()).toEqual(['lost\ntoo', '2026-11-20 one\n  more\n\nand more', '2026-11-20 two', '2026-11-20 three\nend']);
  });

  it.each([
    [String.raw`^\[[A-Z]+\] `, '[INFO] x', 'INFO x'], ['(?i)^begin|START', 'xx START', 'begi'], [String.raw`^[[:upper:]]\pL+`, 'Änderung'.replace('Ä', 'A'), 'änd'],
    [String.raw`^(a+)+$`, 'a'.repeat(3000), `${'a'.repeat(3000)}b`], [String.raw`^\d{2}:\d{2}`, '10:20', '1:20'], ['^[a-z]{3}-', 'abc-', 'ab-'],
  ])('%s', (start, matching, other) => {
    const feed = new Feed({ mode: 'pattern', start });
    for (const line of [matching, other, matching]) feed.take(line);
    expect(feed.flush()).toEqual([`${matching}\n${other}`, matching]);
  });

  it('leave lines alone where the mode is off', () => {
    const feed = new Feed({ mode: 'off' });
    for (const line of (traces['Node'] ?? '').split('\n')) feed.take(line);
    expect(feed.texts).toHaveLength(5);
  });
});

describe('the settings', () => {
  it('have defaults and short forms', () => {
    expect(multilineSchema.parse({})).toEqual({ ...multilineDefaults, start: undefined });
    expect(multilineSchema.parse('off').mode).toBe('off');
    expect(multilineSchema.parse({ start: '^x', max_lines: 5, max_bytes: '2KB', wait: '2s' })).toEqual({ mode: 'pattern', start: '^x', maxLines: 5, maxBytes: 2048, waitMs: 2000 });
  });

  it.each([
    [{ mode: 'pattern' }, 'start'], [{ mode: 'auto', start: 'x' }, 'start'], [{ start: '(' }, 'start'], [{ start: 'a(?=b)' }, 'start'], [{ max_lines: 1 }, 'max_lines'],
    [{ max_bytes: '1GB' }, 'max_bytes'], [{ wait: '1h' }, 'wait'], [{ other: 1 }, undefined], ['sometimes', undefined],
  ])('refuse %j', (value, key) => {
    const result = multilineSchema.safeParse(value);
    expect(result.success).toBe(false);
    if (key !== undefined) expect(result.error?.issues[0]?.path).toEqual([key]);
  });
});
