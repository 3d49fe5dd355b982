import { describe, expect, it } from 'vitest';
import { newLine, type LineView } from '../../../agent/join/line.ts';
import { compileGlobs } from '../../../agent/pipeline/globs.ts';
import { buildPipeline, noStages } from '../../../agent/pipeline/build.ts';
import { composeStages } from '../../../agent/pipeline/pipeline.ts';
import { Renewal } from '../../../agent/pipeline/renewal.ts';
import type { Stage } from '../../../agent/pipeline/stage.ts';
import { ManualClock } from '../../../src/model/mod.ts';

/** A stage that writes its name behind the line's text, and holds every second line until it is told to let go. */
function holding(name: string, file: number): Stage {
  let held: { readonly text: string; readonly offset: number } | null = null;
  const letGo: NonNullable<Stage['flush']> = (next) => {
    if (held === null) return;
    const { text, offset } = held;
    held = null;
    next({ ...newLine(), bytes: Buffer.from(`${text}${name}`), end: text.length + 1, file, offset });
  };
  return {
    take: (line, next) => {
      const text = textOf(line);
      if (line.offset % 2 === 1) held = { text, offset: line.offset };
      else next({ ...line, bytes: Buffer.from(text + name), start: 0, end: text.length + 1 });
    },
    tick: (_, next) => letGo(next),
    flush: letGo,
    heldFrom: (of) => (held === null || of !== file ? null : held.offset),
  };
}

function textOf(line: LineView): string {
  return line.bytes.toString('utf8', line.start, line.end);
}

function put(take: (line: LineView) => void, text: string, offset: number): void {
  take({ ...newLine(), bytes: Buffer.from(text), end: text.length, file: 7, offset });
}

describe('composeStages', () => {
  it('passes lines through in order, and flushes early stages through later ones', () => {
    const seen: string[] = [];
    const pipeline = composeStages([holding('a', 7), { take: (line, next) => next(line) }, holding('b', 7)], (line) => seen.push(textOf(line)));
    put(pipeline.take, 'x', 0);
    put(pipeline.take, 'y', 1);
    expect(seen).toEqual(['xab']);
    expect([pipeline.heldFrom(7, 0), pipeline.heldFrom(8, 0)]).toEqual([1, null]);
    pipeline.flush();
    expect(seen).toEqual(['xab', 'yab']);
    expect(pipeline.heldFrom(7, 0)).toBeNull();
    put(pipeline.take, 'z', 3);
    pipeline.tick(0);
    pipeline.tick(0);
    expect(seen).toEqual(['xab', 'yab', 'zab']);
  });

  it('answers the smallest offset that any stage holds', () => {
    const at = (offset: number | null): Stage => ({ take: () => undefined, heldFrom: () => offset });
    expect(composeStages([at(null), at(9), at(4), at(6)], () => undefined).heldFrom(1, 0)).toBe(4);
    expect(composeStages([], () => undefined).heldFrom(1, 0)).toBeNull();
  });

  it('gives lines the labels of their stream at its head, and clears what is left of the line before', () => {
    const streams = [{ labels: [] }, { labels: [{ name: 'stream', value: 'stderr' }] }, { labels: [] }] as const;
    const seen: unknown[] = [];
    const pipeline = buildPipeline({ pod: { namespace: 'n', pod: 'p', uid: 'u' }, container: 'c', chain: 'x', streams }, noStages, (labels, line) => seen.push(labels, line.level, line.trace));
    pipeline.take({ ...newLine(), stream: 1, level: 'error', trace: 'x' });
    expect(seen).toEqual([streams[1], null, null]);
  });
});

it.each([
  [{}, true], [{ container: 'main' }, true], [{ container: 'mai' }, false], [{ container: 'm*' }, true], [{ container: '*in' }, true], [{ container: 'm?in', app: ['x', 'w*b'] }, true], [{ app: 'x' }, false],
  [{ missing: '*' }, true], [{ missing: '?*' }, false], [{ app: '*e*b*' }, true], [{ app: '**' }, true], [{ app: '' }, false],
])('globs %j: %j', (globs, expected) => {
  expect(compileGlobs(globs)([{ name: 'app', value: 'web' }, { name: 'container', value: 'main' }])).toBe(expected);
});

describe('Renewal', () => {
  it('waits until nothing is held, pauses, waits until all is delivered, and then renews; a pod that always holds is flushed after a minute', () => {
    const clock = new ManualClock(0n);
    const state = { changed: false, held: true, delivered: false };
    const done: string[] = [];
    const pod = { namespace: 'n', pod: 'p', uid: 'u' };
    const renewal = new Renewal({
      pods: () => [pod, pod], changed: () => state.changed, held: () => state.held, delivered: () => state.delivered,
      flush: () => done.push('flush'), pause: () => done.push('pause'), renew: () => done.push('renew'),
    }, clock);
    const step = (changes: Partial<typeof state> = {}): string[] => {
      Object.assign(state, changes);
      renewal.step();
      return done.splice(0);
    };
    expect([step(), step({ changed: true }), step({ held: false }), step(), step({ delivered: true }), step({ changed: false })]).toEqual([[], [], ['pause'], [], ['renew'], []]);
    expect(step({ changed: true, held: true, delivered: true })).toEqual([]);
    clock.advanceMs(61_000);
    expect(step()).toEqual(['flush', 'pause', 'renew']);
    expect(renewal.renewed).toBe(2);
  });
});
