import { encodeMetadata } from '../../src/bytes/mod.ts';
import { labelSet, type EntryBatch } from '../../src/model/mod.ts';

/** When the golden journal was written. */
export const goldenTimeNs = 1_700_000_000_000_000_000n;

/** What the golden files of test/compat/record and test/compat/journal hold. Never changes. */
export const batches: readonly EntryBatch[] = [
  { tenant: 'fake', streams: [], rows: 0, timeNs: new BigInt64Array(0), lines: new Uint8Array(0), lineStart: new Uint32Array(1), metadata: new Uint8Array(0), metadataStart: new Uint32Array(1) },
  batch('fake', [[{ app: 'a' }, 1]], ['one line']),
  batch('tenant-ü', [[{ app: 'a', env: 'prod "x"\n' }, 2], [{ service_name: '日本語' }, 1]], ['', 'line with \u0000 and \t', 'ünï😀']),
  batch('fake', [[{ app: 'long' }, 3]], ['x'.repeat(300), 'y'.repeat(300), 'z']),
  batch('fake', Array.from({ length: 5 }, (_, i) => [{ stream: String(i) }, 1]), ['a', 'b', 'c', 'd', 'e']),
];

function batch(tenant: string, streams: readonly (readonly [Record<string, string>, number])[], lines: readonly string[]): EntryBatch {
  const bytes = lines.map((line) => Buffer.from(line));
  const metadata = lines.map((_, i) => Buffer.from(i % 2 === 0 ? encodeMetadata(labelSet([['trace_id', `4bf92f3577b34da6a3ce929d0e0e473${i}`], ['detected_level', 'info']])) : ''));
  return {
    tenant,
    streams: streams.map(([labels, rows]) => ({ labels: labelSet(Object.entries(labels)), rows })),
    rows: lines.length,
    timeNs: BigInt64Array.from(lines.map((_, i) => (i === 0 ? -(2n ** 63n) : goldenTimeNs + BigInt(i)))),
    lines: Buffer.concat(bytes),
    lineStart: starts(bytes),
    metadata: Buffer.concat(metadata),
    metadataStart: starts(metadata),
  };
}

function starts(parts: readonly Uint8Array[]): Uint32Array {
  const all = new Uint32Array(parts.length + 1);
  for (const [i, part] of parts.entries()) all[i + 1] = all[i]! + part.length;
  return all;
}
