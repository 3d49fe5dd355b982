import { expect, test } from 'vitest';
import { BatchBuilder } from '../../src/distributor/batch-builder.ts';
import { entriesOf } from './harness.ts';

const name = Buffer.from('\x01n');

function add(builder: BatchBuilder, line: string, metadata = '', suffix: Buffer | null = null): void {
  const bytes = Buffer.from(`..${line}..`);
  if (metadata !== '') builder.addPair(name, Buffer.from(metadata), 0, Buffer.byteLength(metadata));
  builder.addRow(7, 1, bytes, 2, bytes.length - 4, suffix);
}

test('columns grow from any size, to any length', () => {
  const builder = new BatchBuilder('t', 0, 0);
  const lengths = [0, 1, 39, 40, 41, 127, 128, 16_383, 16_384, 200_000];
  builder.stream([{ name: 'a', value: '1' }], 0);
  for (const length of lengths) add(builder, 'x'.repeat(length), 'm'.repeat(length));
  builder.stream([{ name: 'a', value: '2' }], 0);
  for (let i = 0; i < 1000; i++) add(builder, `line ${i}`, '', Buffer.from('[cut]'));
  const entries = entriesOf(builder.finish());
  expect(entries.slice(0, lengths.length).map((entry) => [entry.line.length, entry.metadata['n']?.length ?? 0, entry.timeNs])).toEqual(lengths.map((length) => [length, length, 4_294_967_303n]));
  expect(entries.slice(lengths.length).map((entry) => entry.line)).toEqual(Array.from({ length: 1000 }, (_, i) => `line ${i}[cut]`));
});

test('streams and pairs can be taken back', () => {
  const builder = new BatchBuilder('t', 4, 100);
  builder.stream([{ name: 'a', value: '1' }], 10);
  add(builder, 'kept', 'm');
  builder.stream([{ name: 'a', value: '2' }], 10);
  add(builder, 'gone', 'gone');
  builder.dropStream();
  builder.stream([{ name: 'a', value: '3' }], 10);
  builder.addPair(name, Buffer.from('gone'), 0, 4);
  builder.dropPairs();
  add(builder, 'kept too');
  builder.stream([{ name: 'a', value: '4' }], 10);
  const batch = builder.finish();
  expect(batch.streams.map((stream) => [stream.labels[0]!.value, stream.rows])).toEqual([['1', 1], ['3', 1]]);
  expect(entriesOf(batch).map(({ line, metadata }) => [line, { ...metadata }])).toEqual([['kept', { n: 'm' }], ['kept too', {}]]);
});
