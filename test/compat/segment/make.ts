/**
 * Makes the golden files of the segment format's current version: `node test/compat/segment/make.ts`. v<version>.segment is the object, v<version>.txt its
 * rows as text. Files of versions once released are never made again; a new version gets new files.
 */
import { writeFileSync } from 'node:fs';
import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { segmentVersion, SegmentWriter } from '../../../src/chunks/mod.ts';
import { blockOf, printGolden, stream, type TestRow } from '../../chunks/rows.ts';

const text = (line: string): Uint8Array => Buffer.from(line);
const noise = (i: number): number => Math.imul(i + 1, 2_654_435_761) >>> 0;
const row = (i: number, more: Partial<TestRow>): TestRow => ({
  stream: stream('app', `${i % 3}`), time: i, position: 1, index: i, partition: 0, line: text(`line ${i}`), metadata: new Uint8Array(0), ...more,
});
const rows = (count: number, of: (i: number) => Partial<TestRow>): TestRow[] => Array.from({ length: count }, (_, i) => row(i, of(i)));

const writer = new SegmentWriter();
// Whole milliseconds, few metadata values, one partition; lines compress.
writer.add('first', blockOf(20_777, rows(300, (i) => ({ time: i * 250e6, position: 100 + (i >> 4), metadata: encodeMetadata([{ name: 'detected_level', value: ['info', 'warn', 'error'][i % 3]! }]) }))));
// Nanoseconds, a different trace for each row; several partitions; invalid UTF-8, empty lines, line ends and non-ASCII text.
writer.add('second', blockOf(20_777, rows(200, (i) => ({
  time: noise(i) * 20_000, position: noise(i) % 1000, partition: i % 4,
  line: [Uint8Array.of(0xff, 0xfe, 0, i), text(''), text(`größer\n\tat ${noise(i)}`), text('{"level":"info"}')][i % 4]!,
  metadata: encodeMetadata([{ name: 'trace_id', value: noise(i).toString(16).padStart(32, '0') }]),
}))));
// Before the epoch, one row in each stream, positions up to the largest.
writer.add('second', blockOf(-1, rows(3, (i) => ({ time: 86_400e9 - 1 - i, position: Number.MAX_SAFE_INTEGER - i * 2 ** 50 }))));
// Pages of a quarter mebibyte, and one row that is larger.
writer.add('', blockOf(0, rows(5, (i) => ({ stream: stream('long "names"\n', 'ü'), time: 5, line: Buffer.alloc(i === 3 ? 300_000 : 70_000, `0123456789 ${i} `) }))));

const { data } = writer.finish();
writeFileSync(new URL(`v${segmentVersion}.segment`, import.meta.url), data);
writeFileSync(new URL(`v${segmentVersion}.txt`, import.meta.url), await printGolden(data));
