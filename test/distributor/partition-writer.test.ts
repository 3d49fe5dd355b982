import { expect, test } from 'vitest';
import { PartitionWriter } from '../../src/distributor/partition-writer.ts';

const line = Buffer.alloc(2 ** 20, 0x61);
const labels = (value: string) => [{ name: 'a', value }];
const add = (writer: PartitionWriter, count: number): void => {
  for (let i = 0; i < count; i++) writer.next().addRow(i, 0, line, 0, line.length, null);
};
const shape = (writer: PartitionWriter) => writer.finish().map((batch) => batch.streams.map((stream) => `${stream.labels[0]!.value}${stream.rows}`).join(' '));

test('a stream goes on in the next batch', () => {
  const writer = new PartitionWriter('t', 1, 1);
  writer.stream(labels('x'), 10);
  add(writer, 20);
  writer.stream(labels('y'), 10);
  add(writer, 1);
  expect(shape(writer)).toEqual(['x8', 'x8', 'x4 y1']);
});

test('a stream is taken back from all batches that it reached', () => {
  const writer = new PartitionWriter('t', 100, 100 * 2 ** 20);
  writer.stream(labels('x'), 10);
  add(writer, 3);
  writer.stream(labels('y'), 10);
  add(writer, 30);
  writer.dropStream();
  writer.stream(labels('z'), 10);
  add(writer, 2);
  expect(shape(writer)).toEqual(['x3 z2']);
});

test('nothing is no batch', () => {
  const writer = new PartitionWriter('t', 0, 0);
  writer.stream(labels('x'), 10);
  writer.dropStream();
  expect(writer.finish()).toEqual([]);
});
