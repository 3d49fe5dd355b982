/**
 * Makes the golden files of the segment format's current version: `node test/compat/segment/make.ts`. v<version>.segment is the object, v<version>.txt its
 * rows as text. Files of versions once released are never made again; a new version gets new files. (Those of version 1 were made by the make.ts of that time.)
 */
import { writeFileSync } from 'node:fs';
import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { segmentVersion, SegmentWriter } from '../../../src/chunks/mod.ts';
import { blockOf, printGolden, stream, type TestRow } from '../../chunks/rows.ts';

const day = 20_777;
const noise = (i: number): number => Math.imul(i + 1, 2_654_435_761) >>> 0;
const hex = (i: number, digits: number): string => Array.from({ length: Math.ceil(digits / 8) }, (_, k) => noise(i * 31 + k * 7919).toString(16).padStart(8, '0')).join('').slice(0, digits);
const uuid = (i: number): string => hex(i, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
const text = (line: string): Uint8Array => Buffer.from(line);
const row = (i: number, more: Partial<TestRow>): TestRow => ({
  stream: stream('app', `${i % 3}`), time: i, position: 1, index: i, partition: 0, line: text(`line ${i}`), metadata: new Uint8Array(0), ...more,
});
const rows = (count: number, of: (i: number) => Partial<TestRow>): TestRow[] => Array.from({ length: count }, (_, i) => row(i, of(i)));

const writer = new SegmentWriter();
// JSON with a column of each kind; whole milliseconds; metadata that repeats the line.
writer.add('first', blockOf(day, rows(160, (i) => {
  const at = new Date(day * 86_400_000 + i * 250).toISOString();
  const [level, trace] = [['info', 'warn', 'error'][(noise(i) >>> 9) % 3]!, hex(i >> 1, 32)];
  return {
    time: i * 250e6, position: 100 + (i >> 4),
    line: text(`{"at":"${at}","level":"${level}","service":"cart","trace_id":"${trace}","span":"${hex(i, 16)}","request":"${uuid(i)}","ip":"10.0.${noise(i) % 200}.${noise(i) % 251}","user":"usr-${noise(i) % 90_000}", "ms": ${(noise(i) % 100_000) / 1000},"bytes":${noise(i) % 1_000_000},"tags":["a",${i % 9}],"ok":true,"note":"${'größer '.repeat(noise(i) % 5)}\\"${noise(i).toString(36)}"}`),
    metadata: encodeMetadata([{ name: 'detected_level', value: level }, { name: 'trace_id', value: trace }]),
  };
})));
// Logfmt, words, several lines in one, and what has no shape; nanoseconds; several partitions; invalid UTF-8, empty lines, non-ASCII text; metadata that is none.
writer.add('second', blockOf(day, rows(200, (i) => ({
  time: noise(i) * 20_000, position: noise(i) % 1000, partition: i % 4,
  line: [
    Uint8Array.of(0xff, 0xfe, 0, i & 255), text(''), text(`größer\n\tat ${noise(i)}`), text(`level=info took=${noise(i) % 99}ms msg="order ${i}" empty=`), text(`10.0.0.${i % 250} - - "GET /api/${i % 7} HTTP/1.1" 200 ${noise(i) % 5000}`),
    text(`{"k${i}":{"nested":${i}}}`), text(`{"not": json ${i}`), text(`${'= '.repeat(i % 50)}${'x'.repeat(i)}`),
  ][i % 8]!,
  metadata: i % 5 === 0 ? Uint8Array.of(255, i & 255) : i % 5 === 1 ? new Uint8Array(0) : encodeMetadata([{ name: 'trace_id', value: hex(i, 32) }]),
}))));
// Few shapes, so that each is a template.
writer.add('second', blockOf(day + 1, rows(80, (i) => ({
  time: i * 1e9, stream: stream('few'),
  line: [text(`level=info took=${noise(i) % 99}ms msg="order ${i}" empty=`), text(`10.0.0.${i % 250} - - "GET /api/${i % 7} HTTP/1.1" 200 ${noise(i) % 5000}`), text(`error ${i}\n\tat ${noise(i)}`), text('')][i % 4]!,
  metadata: i % 2 === 0 ? Uint8Array.of(255, i & 255) : new Uint8Array(0),
}))));
// Before the epoch, one row in each stream, positions up to the largest.
writer.add('second', blockOf(-1, rows(3, (i) => ({ time: 86_400e9 - 1 - i, position: Number.MAX_SAFE_INTEGER - i * 2 ** 50 }))));
// Columns of several pages, and a constant too long for a header.
writer.add('', blockOf(0, rows(6, (i) => ({ stream: stream('long "names"\n', 'ü'), time: 5, line: Buffer.alloc(i === 3 ? 300_000 : 70_000, `0123456789${i}`) }))));
writer.add('', blockOf(1, rows(20, (i) => ({ line: text(`{"a":"${'c'.repeat(2000)}","b":${i}}`) }))));

const { data } = writer.finish();
writeFileSync(new URL(`v${segmentVersion}.segment`, import.meta.url), data);
writeFileSync(new URL(`v${segmentVersion}.txt`, import.meta.url), await printGolden(data));
