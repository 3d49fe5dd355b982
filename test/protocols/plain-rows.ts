import type { RawBatch } from '../../src/protocols/mod.ts';

/** An entry of a batch as a test reads it. */
export interface PlainRow {
  readonly labels: Readonly<Record<string, string>>;
  readonly timeNs: bigint;
  readonly line: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The entries of a batch, in its order. Throws where a column points outside of the bytes, or streams do not hold each row once. */
export function plainRows(raw: RawBatch): PlainRow[] {
  const text = (start: number, length: number): string => {
    if (start + length > raw.bytes.length) throw new RangeError(`${start} + ${length} lies outside of ${raw.bytes.length} bytes`);
    return raw.bytes.toString('utf8', start, start + length);
  };
  const rows: PlainRow[] = [];
  for (const { labels, firstRow, rows: count } of raw.streams) {
    if (firstRow !== rows.length) throw new RangeError(`a stream begins at ${firstRow}, not at ${rows.length}`);
    for (let row = firstRow; row < firstRow + count; row++) {
      const metadata: Record<string, string> = {};
      for (let pair = raw.pairStart[row]!; pair < raw.pairStart[row + 1]!; pair++) metadata[text(raw.pairs[pair * 4]!, raw.pairs[pair * 4 + 1]!)] = text(raw.pairs[pair * 4 + 2]!, raw.pairs[pair * 4 + 3]!);
      rows.push({ labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])), timeNs: raw.timeNs[row]!, line: text(raw.lineStart[row]!, raw.lineLength[row]!), metadata });
    }
  }
  if (rows.length !== raw.rows) throw new RangeError(`streams hold ${rows.length} of ${raw.rows} rows`);
  return rows;
}

/** A small generator of the same numbers every time. */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A body that is cut, or has bits, bytes or stretches changed. */
export function mutated(body: Buffer, next: (below: number) => number, alphabet: string): Buffer {
  const copy = Buffer.from(body);
  const kind = next(6);
  if (kind === 0) return copy.subarray(0, next(copy.length + 1));
  if (kind === 5) return Buffer.concat([copy.subarray(0, next(copy.length)), copy.subarray(next(copy.length))]);
  for (let flips = 1 + next(4); flips > 0 && copy.length > 0; flips--) {
    const at = next(copy.length);
    if (kind === 1) copy[at]! ^= 1 << next(8);
    else if (kind === 2) copy[at] = next(256);
    else if (kind === 3) copy.copyWithin(at, next(copy.length), next(copy.length));
    else copy[at] = alphabet.charCodeAt(next(alphabet.length));
  }
  return copy;
}

/** How many bodies the fuzz tests try: few in CI, SPOOR_FUZZ_BODIES by hand. */
export const fuzzBodies = Number(process.env['SPOOR_FUZZ_BODIES'] ?? 4000);
