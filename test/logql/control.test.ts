import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Holding, heldBytes, newControl, stopQuery, rowsPerCheck } from '../../src/logql/control.ts';
import { createScanner } from '../../src/logql/scan/create.ts';
import type { ScanTask } from '../../src/logql/mod.ts';
import { isSpoorError, labelSet, type RowBlock } from '../../src/model/mod.ts';

const rows = 50 * rowsPerCheck;

/** Rows of one stream, a nanosecond apart. */
function block(line: string): RowBlock {
  const bytes = Buffer.from(line.repeat(rows));
  const iota = Uint32Array.from({ length: rows }, (_, i) => i);
  return {
    rows, day: 0, streams: [labelSet([['app', 'a']])], stream: new Uint32Array(rows), time: Float64Array.from(iota),
    order: { position: new Float64Array(rows).fill(1), index: iota, partition: new Uint32Array(rows) },
    lineLength: new Uint32Array(rows).fill(line.length), lines: { bytes, start: iota.map((i) => i * line.length), length: new Uint32Array(rows).fill(line.length) },
    metadata: { bytes: new Uint8Array(0), start: new Uint32Array(rows), length: new Uint32Array(rows) },
  };
}

const log: ScanTask = { tenant: 't', matchers: [], startNs: 0n, endNs: 10n ** 12n, stages: [], output: { kind: 'log', direction: 'forward', limit: 0 } };
const regexp = { kind: 'line_filter' as const, op: '|~' as const, alternatives: [{ value: '^[a-z]+[0-9]$', ip: false }] };
const byLine: ScanTask = {
  ...log,
  stages: [{ kind: 'label_format', assignments: [{ kind: 'template', label: 'l', template: '{{ __line__ }}' }] }],
  output: {
    kind: 'aggregate',
    aggregation: {
      op: 'count_over_time', param: null, unwrap: null, rangeNs: 10n ** 12n, startNs: 10n ** 12n, stepNs: 1n, steps: 1, grouping: null, skipParsers: false, requiredLabels: null, keepErrors: false, seriesMax: 0,
    },
  },
};

describe('Holding', () => {
  it('adds up what all holders hold, and refuses more than the query may', () => {
    const control = newControl(10 * 2 ** 20);
    const [a, b] = [new Holding(control), new Holding(control)];
    a.hold(4 * 2 ** 20);
    b.hold(5 * 2 ** 20);
    expect(heldBytes(control)).toBe(9 * 2 ** 20);
    b.hold(2 ** 20);
    a.hold(8 * 2 ** 20);
    const refused = (() => {
      try {
        b.hold(4 * 2 ** 20);
        return null;
      } catch (error) {
        return error;
      }
    })();
    expect(isSpoorError(refused, 'max_query_memory') && refused.details['limit']).toBe(10 * 2 ** 20);
    // What is given back is never refused.
    b.hold(3.5 * 2 ** 20);
    b.hold(0);
    expect(heldBytes(control)).toBe(8 * 2 ** 20);
  });

  it('is without limit and never stops where there is no control', () => {
    const holding = new Holding(undefined);
    holding.hold(2 ** 40);
    holding.checkStop();
    expect(holding.isStopped).toBe(false);
  });

  it('reaches other threads', async () => {
    const control = newControl();
    const worker = new Worker('const { parentPort, workerData } = require("node:worker_threads"); while (Atomics.load(workerData.words, 0) === 0) Atomics.store(workerData.words, 1, 7); parentPort.postMessage("stopped");', { eval: true, workerData: control });
    const said = once(worker, 'message');
    while (heldBytes(control) === 0) await new Promise((resolve) => { setImmediate(resolve); });
    stopQuery(control);
    expect(await said).toEqual(['stopped']);
    await worker.terminate();
  });
});

describe('scanners', () => {
  it.each([
    ['rows', log],
    ['rows by a filter', { ...log, stages: [regexp] }],
    ['series', byLine],
  ])('stop in the middle of a block: %s', (_name, task) => {
    const control = newControl();
    const scanner = createScanner({ ...task, control });
    stopQuery(control);
    expect(() => scanner.add(block('abc1'))).toThrow(expect.objectContaining({ code: 'query_cancelled' }));
  });

  it('refuse to keep more rows than the query may hold', () => {
    const control = newControl(2 ** 20);
    const scanner = createScanner({ ...log, control });
    expect(() => scanner.add(block('abc1'))).toThrow(expect.objectContaining({ code: 'max_query_memory' }));
    // Far from all of them were kept.
    expect(heldBytes(control)).toBeLessThan(2 * 2 ** 20);
  });

  it('refuse to keep more series than the query may hold', () => {
    const control = newControl(2 ** 20);
    const scanner = createScanner({ ...byLine, control });
    const many = block('00000000');
    const bytes = Buffer.from(many.lines?.bytes.buffer ?? new ArrayBuffer(0), many.lines?.bytes.byteOffset);
    for (let i = 0; i < rows; i++) bytes.write(String(i).padStart(8, '0'), i * 8);
    expect(() => scanner.add(many)).toThrow(expect.objectContaining({ code: 'max_query_memory' }));
  });
});
