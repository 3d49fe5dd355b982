import type { Batch, OutputRow } from '../logql/mod.ts';

/** A batch as it crosses threads: its rows as columns and their lines in one buffer, because an object per row takes several microseconds to copy. */
export interface PackedBatch extends Omit<Batch, 'kind' | 'rows'> {
  readonly kind: 'packed_batch';
  readonly timeNs: BigInt64Array<ArrayBuffer>;
  readonly position: Float64Array<ArrayBuffer>;
  readonly index: Uint32Array<ArrayBuffer>;
  readonly partition: Uint32Array<ArrayBuffer>;
  readonly rowLabels: Uint32Array<ArrayBuffer>;
  /** Where lines end in `lines`; each begins where the one before ends. */
  readonly lineEnd: Float64Array<ArrayBuffer>;
  readonly lines: Uint8Array<ArrayBuffer>;
}

/** Copies the rows; the buffers can be handed over. */
export function packBatch({ rows, ...rest }: Batch): { readonly packed: PackedBatch; readonly buffers: readonly ArrayBuffer[] } {
  const count = rows.length;
  const packed = {
    ...rest,
    kind: 'packed_batch' as const,
    timeNs: new BigInt64Array(count),
    position: new Float64Array(count),
    index: new Uint32Array(count),
    partition: new Uint32Array(count),
    rowLabels: new Uint32Array(count),
    lineEnd: new Float64Array(count),
    lines: new Uint8Array(rows.reduce((bytes, { line }) => bytes + line.length, 0)),
  };
  let at = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i] as OutputRow;
    packed.timeNs[i] = row.timeNs;
    packed.position[i] = row.position;
    packed.index[i] = row.index;
    packed.partition[i] = row.partition;
    packed.rowLabels[i] = row.labels;
    packed.lines.set(row.line, at);
    at += row.line.length;
    packed.lineEnd[i] = at;
  }
  const { timeNs, position, index, partition, rowLabels, lineEnd, lines } = packed;
  return { packed, buffers: [timeNs, position, index, partition, rowLabels, lineEnd, lines].map(({ buffer }) => buffer) };
}

/** The batch that was packed; its lines are views of one buffer. */
export function unpackBatch(packed: PackedBatch): Batch {
  const { timeNs, position, index, partition, rowLabels, lineEnd, lines, ...rest } = packed;
  let from = 0;
  const rows = Array.from(timeNs, (time, i): OutputRow => {
    const to = lineEnd[i] as number;
    const line = lines.subarray(from, to);
    from = to;
    return { timeNs: time, position: position[i] as number, index: index[i] as number, partition: partition[i] as number, labels: rowLabels[i] as number, line };
  });
  return { ...rest, kind: 'batch', rows };
}
