import { describe, expect, it } from 'vitest';
import { BatchEncoder } from '../../../../agent/ship/loki/encode.ts';
import { allRows } from '../../../../agent/buffer/destination-queue.ts';
import { batchOf, stream } from '../../buffer/batches.ts';
import { decodePush } from '../../receiver.ts';

const streams = [stream({ app: 'a' }), stream({ app: 'b' })];

describe('pushes', () => {
  it('hold what a decoder of the published protobuf reads, grouped by stream, any rows of a batch', () => {
    const metadata = { k: 'v', long: 'w'.repeat(300) };
    const batch = batchOf(['one', '', 'ünf'.repeat(100), 'x'.repeat(20_000), 'five'].map((line, i) => ({ line, metadata, stream: streams[i % 2]! })));
    const encoder = new BatchEncoder();
    const rows = (...picked: number[]) => decodePush(encoder.encode(batch, Uint32Array.from(picked))).map((entry) => [entry.labels, entry.timeNs, entry.line, entry.metadata['k'], entry.metadata['long']?.length]);
    const row = (i: number, line: string) => [`{app="${'ab'[i % 2]}"}`, BigInt(1000 + i) * 1_000_000_000n + BigInt(i), line, 'v', 300];
    expect(rows(0, 1, 2, 3, 4)).toEqual([row(0, 'one'), row(2, 'ünf'.repeat(100)), row(4, 'five'), row(1, ''), row(3, 'x'.repeat(20_000))]);
    expect(rows(3, 4)).toEqual([row(4, 'five'), row(3, 'x'.repeat(20_000))]);
    expect(rows(1)).toEqual([row(1, '')]);
    expect(encoder.encode(batch, allRows(5))).toEqual(new BatchEncoder().encode(batch, allRows(5)));
  });

  it('have times over their whole range', () => {
    const times: readonly [number, number][] = [[0, 0], [0, 1], [1, 0], [127, 128], [1_795_132_800, 999_999_999], [9_223_372_035, 999_999_999]];
    const batch = batchOf(times.map(([seconds, nanos]) => ({ line: 'x', seconds, nanos })));
    expect(decodePush(new BatchEncoder().encode(batch, allRows(times.length))).map(({ timeNs }) => timeNs)).toEqual(times.map(([seconds, nanos]) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos)));
  });
});
