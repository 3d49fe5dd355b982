import { expect, test } from 'vitest';
import { BufferPool } from '../../src/bytes/mod.ts';
import { PartitionWriter } from '../../src/distributor/partition-writer.ts';
import { decodeRecord, encodeStreamLabels } from '../../src/journal/mod.ts';

const line = Buffer.alloc(2 ** 20, 0x61);
const labels = (value: string) => encodeStreamLabels([{ name: 'a', value }]);
const writerOf = (rows: number, lineBytes: number): PartitionWriter => new PartitionWriter('t', { rows, streams: rows, labelBytes: rows * 10, lineBytes, metadataBytes: 0 }, new BufferPool(2 ** 26));
const add = (writer: PartitionWriter, count: number): void => {
  for (let i = 0; i < count; i++) writer.next().addRow(i, 0, line, 0, line.length, null);
};
const shape = (writer: PartitionWriter) => writer.finish().map((builder) => decodeRecord(builder.finish(), 'test record').streams.map((stream) => `${stream.labels[0]!.value}${stream.rows}`).join(' '));

test('a stream goes on in the next record', () => {
  const writer = writerOf(1, 1);
  writer.stream(labels('x'));
  add(writer, 20);
  writer.stream(labels('y'));
  add(writer, 1);
  expect(shape(writer)).toEqual(['x8', 'x8', 'x4 y1']);
});

test('a stream is taken back from all records that it reached', () => {
  const writer = writerOf(100, 100 * 2 ** 20);
  writer.stream(labels('x'));
  add(writer, 3);
  writer.stream(labels('y'));
  add(writer, 30);
  writer.dropStream();
  writer.stream(labels('z'));
  add(writer, 2);
  expect(shape(writer)).toEqual(['x3 z2']);
});

test('nothing is no record', () => {
  const writer = writerOf(0, 0);
  writer.stream(labels('x'));
  writer.dropStream();
  expect(writer.finish()).toEqual([]);
});
