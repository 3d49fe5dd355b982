import fc from 'fast-check';
import type { RawBatch } from '../../../src/protocols/mod.ts';
import type { PlainStream } from './wire.ts';

const text = fc.string({ unit: 'binary', maxLength: 24 });

/** Pushes of all kinds of text, times and metadata. `bytes` lines need not be UTF-8. */
export function pushes(lines: 'text' | 'bytes'): fc.Arbitrary<PlainStream[]> {
  const line = lines === 'text'
    ? fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.json()).map((value) => new Uint8Array(Buffer.from(value)))
    : fc.uint8Array({ maxLength: 80 });
  const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/);
  return fc.array(
    fc.record({
      labels: fc.uniqueArray(fc.tuple(name, text.filter((value) => value !== '' && !value.includes('\uFFFD'))), { selector: ([key]) => key, maxLength: 4 }),
      entries: fc.array(
        fc.record({
          timeNs: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.bigInt({ min: -(2n ** 62n), max: 2n ** 40n })),
          line,
          metadata: fc.uniqueArray(fc.tuple(text.filter((key) => !/^\d+$/.test(key) && key !== '__proto__'), text), { selector: ([key]) => key, maxLength: 4 }),
        }),
        { maxLength: 6 },
      ),
    }),
    { maxLength: 5 },
  );
}

/** A raw batch as plain objects, for comparing. */
export function plainOf(raw: RawBatch): PlainStream[] {
  const bytesAt = (start: number, length: number): Uint8Array => new Uint8Array(raw.bytes.subarray(start, start + length));
  const textAt = (start: number, length: number): string => Buffer.from(bytesAt(start, length)).toString('utf8');
  return raw.streams.map((stream) => ({
    labels: stream.labels.map((label): [string, string] => [label.name, label.value]),
    entries: Array.from({ length: stream.rows }, (_, i) => {
      const row = stream.firstRow + i;
      const metadata: [string, string][] = [];
      for (let pair = raw.pairStart[row]!; pair < raw.pairStart[row + 1]!; pair++) {
        metadata.push([textAt(raw.pairs[pair * 4]!, raw.pairs[pair * 4 + 1]!), textAt(raw.pairs[pair * 4 + 2]!, raw.pairs[pair * 4 + 3]!)]);
      }
      return { timeNs: raw.timeNs[row]!, line: bytesAt(raw.lineStart[row]!, raw.lineLength[row]!), metadata };
    }),
  }));
}

/** What decoding should give: labels sorted. */
export function expected(streams: readonly PlainStream[]): PlainStream[] {
  return streams.map((stream) => ({ labels: stream.labels.toSorted((a, b) => (a[0] < b[0] ? -1 : 1)), entries: stream.entries }));
}
