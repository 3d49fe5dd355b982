import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BufferPool, decodeMetadata } from '../../src/bytes/mod.ts';
import { decodeRecord, encodeRecord, encodeStreamLabels, encodeTenant, RecordBuilder, type RecordRoom } from '../../src/journal/mod.ts';

const none: RecordRoom = { rows: 0, streams: 0, labelBytes: 0, lineBytes: 0, metadataBytes: 0 };
const name = Buffer.from('\x01n');
const labelsOf = (value: string) => encodeStreamLabels([{ name: 'a', value }]);

function builderOf(room: Partial<RecordRoom> = {}, pool = new BufferPool(0)): RecordBuilder {
  return new RecordBuilder(encodeTenant('t'), { ...none, ...room }, pool);
}

function add(builder: RecordBuilder, line: string, metadata = '', suffix: Buffer | null = null): void {
  const bytes = Buffer.from(`..${line}..`);
  if (metadata !== '') builder.addPair(name, Buffer.from(metadata), 0, Buffer.byteLength(metadata));
  builder.addRow(7, 1, bytes, 2, bytes.length - 4, suffix);
}

/** What a record says: for each entry its stream's label, time, line and metadata. */
function entriesOf(record: Uint8Array): [string, bigint, string, string | undefined][] {
  const batch = decodeRecord(record, 'test record');
  const entries: [string, bigint, string, string | undefined][] = [];
  let row = 0;
  for (const { labels, rows } of batch.streams) {
    for (let i = 0; i < rows; i++, row++) {
      const at = batch.metadataStart[row]!;
      const line = Buffer.from(batch.lines.subarray(batch.lineStart[row], batch.lineStart[row + 1])).toString();
      entries.push([labels[0]!.value, batch.timeNs[row]!, line, decodeMetadata(batch.metadata, at, batch.metadataStart[row + 1]! - at)[0]?.value]);
    }
  }
  return entries;
}

test('sections grow from any size, to any length', () => {
  const builder = builderOf();
  const lengths = [0, 1, 39, 40, 41, 127, 128, 16_383, 16_384, 200_000];
  builder.stream(labelsOf('1'));
  for (const length of lengths) add(builder, 'x'.repeat(length), 'm'.repeat(length));
  builder.stream(labelsOf('2'));
  for (let i = 0; i < 1000; i++) add(builder, `line ${i}`, '', Buffer.from('[cut]'));
  const entries = entriesOf(builder.finish());
  expect(entries.slice(0, lengths.length)).toEqual(lengths.map((length) => ['1', 4_294_967_303n, 'x'.repeat(length), length === 0 ? undefined : 'm'.repeat(length)]));
  expect(entries.slice(lengths.length)).toEqual(Array.from({ length: 1000 }, (_, i) => ['2', 4_294_967_303n, `line ${i}[cut]`, undefined]));
});

test('streams and pairs can be taken back, and a stream without entries is none', () => {
  const builder = builderOf({ rows: 100, streams: 10, labelBytes: 1000, lineBytes: 1000, metadataBytes: 1000 });
  builder.stream(labelsOf('1'));
  add(builder, 'kept', 'm');
  builder.stream(labelsOf('2'));
  add(builder, 'gone', 'gone');
  builder.dropStream();
  builder.stream(labelsOf('empty'));
  builder.stream(labelsOf('3'));
  builder.addPair(name, Buffer.from('gone'), 0, 4);
  builder.dropPairs();
  add(builder, 'kept too');
  builder.stream(labelsOf('4'));
  expect(builder.rows).toBe(2);
  const record = builder.finish();
  expect(entriesOf(record)).toEqual([['1', 4_294_967_303n, 'kept', 'm'], ['3', 4_294_967_303n, 'kept too', undefined]]);
  expect(decodeRecord(record, 'test record').streams.length).toBe(2);
});

test('memory that was given back is used again, and does not show', () => {
  const pool = new BufferPool(2 ** 20);
  const room = { rows: 100, streams: 1, labelBytes: 100, lineBytes: 60_000, metadataBytes: 100 };
  const first = builderOf(room, pool);
  first.stream(labelsOf('1'));
  add(first, 'x'.repeat(50_000));
  const memory = first.finish().buffer;
  first.release();
  const second = builderOf(room, pool);
  second.stream(labelsOf('2'));
  add(second, 'short');
  const record = second.finish();
  expect(record.buffer).toBe(memory);
  expect(entriesOf(record)).toEqual([['2', 4_294_967_303n, 'short', undefined]]);
});

test('a record over the limit is refused', () => {
  const builder = builderOf();
  builder.stream(labelsOf('1'));
  const line = Buffer.alloc(33 * 2 ** 20);
  for (let i = 0; i < 2; i++) builder.addRow(0, 0, line, 0, line.length, null);
  expect(() => builder.finish()).toThrow('journal record');
});

test('whatever room it had, the bytes are those of encodeRecord', () => {
  const room = fc.record({ rows: fc.nat(20), streams: fc.nat(6), labelBytes: fc.nat(60), lineBytes: fc.nat(300), metadataBytes: fc.nat(100) });
  const stream = fc.record({ label: fc.string(), dropped: fc.boolean(), entries: fc.array(fc.tuple(fc.string({ maxLength: 60 }), fc.string({ maxLength: 20 })), { maxLength: 8 }) });
  fc.assert(fc.property(room, fc.array(stream, { maxLength: 8 }), (given, streams) => {
    const builder = builderOf(given, new BufferPool(2 ** 20));
    for (const { label, dropped, entries } of streams) {
      builder.stream(labelsOf(label));
      for (const [line, metadata] of entries) add(builder, line, metadata);
      if (dropped) builder.dropStream();
    }
    const record = builder.finish();
    const wanted = streams.flatMap(({ label, dropped, entries }) => (dropped ? [] : entries.map(([line, metadata]) => [label, 4_294_967_303n, line, metadata === '' ? undefined : metadata])));
    expect(entriesOf(record)).toEqual(wanted);
    expect(Buffer.from(encodeRecord(decodeRecord(record, 'test record'))).equals(record)).toBe(true);
  }), { numRuns: 500 });
});
