import { describe, expect, test } from 'vitest';
import { HexPool } from '../../src/chunks/columns/pool.ts';
import { columnIds } from '../../src/chunks/format.ts';
import { ShreddedContent } from '../../src/chunks/shredded-content.ts';
import { decodeFooter, openSegment, type Segment } from '../../src/chunks/mod.ts';
import type { BytesColumn, RowBlock } from '../../src/model/mod.ts';
import type { FullBlock } from '../../src/chunks/row-group-builder.ts';
import { blockOf, plainSegmentOf, printRows, readAll, readerOf, segmentOf, stream, type TestRow } from './rows.ts';
import { encodeMetadata } from '../../src/bytes/mod.ts';

const noise = (i: number): number => Math.imul(i + 1, 2_654_435_761) >>> 0;
const hex = (i: number, digits: number): string => Array.from({ length: digits / 8 }, (_, k) => noise(i * 31 + k * 7919).toString(16).padStart(8, '0')).join('');

/** What services write: JSON, logfmt, nginx, Java with stack traces; four lines share a trace. */
function realistic(i: number): TestRow {
  const ms = 10_000_000 + i * 13;
  const at = new Date(20_777 * 86_400_000 + ms).toISOString();
  const [kind, trace] = [i % 4, hex(i >> 2, 32)];
  const level = ['info', 'info', 'warn', 'error'][(noise(i) >>> 16) % 4]!;
  const line = [
    `{"timestamp":"${at}","level":"${level}","service":"cart","message":"request completed","trace_id":"${trace}","latency_ms":${(noise(i) % 100_000) / 1000},"status":200,"user":"usr-${noise(i) % 5000}"}`,
    `ts=${at} level=${level} caller=http.go:${100 + (i % 50)} msg="order \\"${i}\\" accepted" trace_id=${trace} duration=${((noise(i) % 9999) / 100).toFixed(2)}ms`,
    `10.0.${i % 7}.${i % 251} - - [20/Nov/2026:02:46:40 +0000] "GET /api/v1/items?page=${i % 9} HTTP/1.1" 200 ${noise(i) % 60_000} "-" "kube-probe/1.34" ${trace}`,
    `${at.replace('T', ' ').replace('Z', '')} ${level.toUpperCase()} [worker-${i % 8}] c.e.shop.Orders - placed ${i}${i % 40 === 3 ? `\njava.lang.IllegalStateException: no stock\n\tat c.e.shop.Stock.take(Stock.java:${i % 300})\n\tat c.e.shop.Orders.place(Orders.java:12)` : ''}`,
  ][kind]!;
  const metadata = encodeMetadata([{ name: 'detected_level', value: level }, ...(kind < 2 ? [{ name: 'trace_id', value: trace }] : [])]);
  return { stream: stream(`s${kind}`), time: ms * 1e6, position: i >> 6, index: i % 64, partition: 0, line: Buffer.from(line), metadata: Uint8Array.from(metadata) };
}

const block = blockOf(20_777, Array.from({ length: 20_000 }, (_, i) => realistic(i)));

describe('what services write', () => {
  const [shredded, plain] = [segmentOf(block), plainSegmentOf(block)];

  test('comes back byte for byte', async () => {
    expect((await readAll(shredded.data)).get('tenant')).toEqual(printRows(block));
  });

  test('takes less than a third of what plain pages take', () => {
    expect(shredded.data.length * 3).toBeLessThan(plain.data.length);
  });

  test('has the expected templates, a pool, and metadata that is nowhere stored twice', async () => {
    const reader = await openSegment(readerOf(shredded.data), shredded.data.length, 'x');
    const { shapes } = await reader.openRowGroup(0);
    expect(shapes.map(({ template, rows }) => [template.kind, rows])).toEqual([['json', 5000], ['logfmt', 5000], ['text', 5000], ['text', 500], ['text', 4500]]);
    const kinds = shapes[0]!.columns.map(({ header }) => header.kind);
    expect(kinds.slice(0, 8)).toEqual(['time', 'dictionary', 'constant', 'constant', 'pool', 'decimal', 'constant', 'affix']);
    expect(kinds.slice(8)).toEqual(['same', 'same']);
    expect((await reader.pool())!.count).toBe(5000);
  });
});

test('pages of columns stand behind those of the row group, small ones first, without gaps', () => {
  const { data } = segmentOf(block);
  const [group] = decodeFooter(data, data.length, 'x').rowGroups;
  expect(group!.pages.map((page) => page.column)).toEqual([columnIds.runStream, columnIds.runRows, columnIds.time, columnIds.lineLength, columnIds.template, columnIds.position, columnIds.index, columnIds.partition]);
  const content = new ShreddedContent(null);
  content.append(block as FullBlock, 0, block.rows);
  const { shredded } = content.finish({ runs: { count: 1, start: Uint32Array.of(0, block.rows) }, time: block.time, day: block.day });
  const sizes = shredded!.data.map((page) => page.length);
  expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  expect(sizes.reduce((a, b) => a + b, 0)).toBe(shredded!.bytes);
});

test('what it holds and will take is told', () => {
  const content = new ShreddedContent(new HexPool());
  expect([content.metadataBytes, content.estimatedBytes]).toEqual([0, 0]);
  content.append(block as FullBlock, 0, 1000);
  const bytes = (column: BytesColumn): number => column.length.subarray(0, 1000).reduce((a, b) => a + b, 0);
  expect(content.metadataBytes).toBe(bytes(block.metadata!));
  expect(content.estimatedBytes).toBe((bytes(block.lines!) + bytes(block.metadata!)) / 5);
  expect(content.heldBytes).toBeGreaterThan(bytes(block.lines!) + bytes(block.metadata!));
});

describe('blocks whose values stand anywhere', () => {
  const of = (lines: BytesColumn): RowBlock => ({ ...blockOf(1, Array.from({ length: 4 }, (_, i) => ({ ...realistic(0), stream: stream('a'), time: i }))), lines });
  const read = async (segment: Segment): Promise<string[]> => (await readAll(segment.data)).get('tenant')!.map((row) => Buffer.from(row.split(' ').at(-2)!, 'base64').toString());

  test('backwards, with gaps, over one another', async () => {
    const lines = { bytes: Buffer.from('abcdefgh'), start: Uint32Array.of(5, 0, 2, 2), length: Uint32Array.of(3, 2, 2, 6) };
    expect(await read(segmentOf(of(lines)))).toEqual(['fgh', 'ab', 'cd', 'cdefgh']);
  });

  test('empty ones behind the end of the bytes', async () => {
    const lines = { bytes: Buffer.from('ab'), start: Uint32Array.of(900, 0, 4_000_000_000, 1), length: Uint32Array.of(0, 1, 0, 1) };
    expect(await read(segmentOf(of(lines)))).toEqual(['', 'a', '', 'b']);
  });
});
