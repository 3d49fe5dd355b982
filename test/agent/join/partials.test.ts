import { describe, expect, it } from 'vitest';
import type { LineView } from '../../../agent/join/line.ts';
import { PartialJoiner } from '../../../agent/join/partials.ts';
import type { RecordView } from '../../../agent/parse/record.ts';
import { decodeMetadata } from '../../../src/bytes/mod.ts';

/** A record with message `text`. */
function record(text: string, partial: boolean, seconds: number, stream: 0 | 1 = 0): RecordView {
  const bytes = Buffer.from(text);
  return { stream, partial, seconds, nanos: 5, bytes, start: 0, end: bytes.length };
}

function collect(lines: unknown[]) {
  return (line: LineView): void => {
    const metadata = line.metadata === null ? {} : Object.fromEntries(decodeMetadata(line.metadata, 0, line.metadata.length).map(({ name, value }) => [name, value]));
    lines.push([line.stream, line.seconds, line.bytes.toString('utf8', line.start, line.end), metadata]);
  };
}

describe('PartialJoiner', () => {
  it('joins per stream, with the time of the first part', () => {
    const joiner = new PartialJoiner(100);
    const lines: unknown[] = [];
    const sink = collect(lines);
    joiner.add(record('a', true, 1), 7, 0, 0, sink);
    joiner.add(record('1', true, 2, 1), 7, 10, 0, sink);
    joiner.add(record('b', true, 3), 7, 20, 0, sink);
    expect([joiner.pendingStart(0), joiner.pendingStart(1), joiner.pendingStart(2)]).toEqual([{ file: 7, offset: 0 }, { file: 7, offset: 10 }, null]);
    joiner.add(record('2', false, 4, 1), 7, 30, 0, sink);
    joiner.add(record('c', false, 5), 7, 40, 0, sink);
    expect(lines).toEqual([[1, 2, '12', {}], [0, 1, 'abc', {}]]);
    expect(joiner.pending).toBe(false);
  });

  it.each([
    ['at the limit', ['12345', '67890'], 0, '1234567890', {}],
    ['over the limit', ['12345', '678901', '2'], 0, '1234567890', { spoor_line_bytes: '12' }],
    ['in one record', ['12345678901'], 0, '1234567890', { spoor_line_bytes: '11' }],
    ['with bytes that were never read', ['12345', '6'], 1000, '123456', { spoor_line_bytes: '1006' }],
    ['not inside a character', ['123456789é'], 0, '123456789', { spoor_line_bytes: '11' }],
    ['not inside a long character', ['1234567😀'], 0, '1234567', { spoor_line_bytes: '11' }],
  ])('cuts lines %s', (_, parts, missing, expected, metadata) => {
    const joiner = new PartialJoiner(10);
    const lines: unknown[] = [];
    for (const [i, part] of parts.entries()) joiner.add(record(part, i < parts.length - 1, 1), 1, i, i === parts.length - 1 ? missing : 0, collect(lines));
    expect(lines).toEqual([[0, 1, expected, metadata]]);
  });

  it('hands on what is unfinished when told to', () => {
    const joiner = new PartialJoiner(4);
    const lines: unknown[] = [];
    joiner.add(record('abc', true, 1), 1, 0, 0, collect(lines));
    joiner.add(record('defgh', true, 2, 1), 1, 0, 0, collect(lines));
    joiner.flush(collect(lines));
    joiner.flush(collect(lines));
    expect(lines).toEqual([[0, 1, 'abc', { spoor_line_unfinished: 'true' }], [1, 2, 'defg', { spoor_line_bytes: '5', spoor_line_unfinished: 'true' }]]);
  });

  it('holds no more than the limit of a line without end', () => {
    const joiner = new PartialJoiner(1000);
    const before = process.memoryUsage().arrayBuffers;
    const part = record('x'.repeat(10_000), true, 1);
    for (let i = 0; i < 10_000; i++) joiner.add(part, 1, i, 0, () => undefined);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
    const lines: unknown[] = [];
    joiner.add(record('', false, 1), 1, 0, 0, collect(lines));
    expect(lines).toEqual([[0, 1, 'x'.repeat(1000), { spoor_line_bytes: '100000000' }]]);
  });
});
