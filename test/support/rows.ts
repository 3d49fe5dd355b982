import { decodeMetadata } from '../../src/bytes/mod.ts';
import { openSegment } from '../../src/chunks/mod.ts';
import type { Manifest } from '../../src/index/mod.ts';
import { headRows, OrderedRows, type HeadSnapshot } from '../../src/ingester/mod.ts';
import { dayStartNs, formatLabels, type RowBlock } from '../../src/model/mod.ts';
import type { ObjectStore } from '../../src/objects/mod.ts';

const never = new AbortController().signal;

/** A row as one text: what two rows must share to be equal, after the tenant. */
export function describeRows(tenant: string, block: RowBlock): string[] {
  const rows: string[] = [];
  for (let row = 0; row < block.rows; row++) {
    const { lines, metadata } = block;
    if (lines === null || metadata === null) throw new TypeError('columns are missing');
    const start = lines.start[row] as number;
    const line = Buffer.from(lines.bytes.subarray(start, start + (lines.length[row] as number))).toString('utf8');
    const pairs = decodeMetadata(metadata.bytes, metadata.start[row] as number, metadata.length[row] as number);
    const labels = formatLabels(block.streams[block.stream[row] as number] ?? []);
    rows.push(`${tenant} ${labels} ${dayStartNs(block.day) + BigInt(block.time[row] as number)} ${line} ${formatLabels(pairs)}`);
  }
  return rows;
}

/** All rows of heads, equal rows of one generation once. */
export function rowsOfHeads(heads: readonly HeadSnapshot[]): string[] {
  return heads.flatMap(({ generation, blockRows }) =>
    [...generation.tenants].flatMap(([tenant, ids]) => {
      const streams = [...ids.values()];
      const pieces = streams.map((streamId, slot) => ({ streamId, slot, windows: null }));
      const labels = streams.map((id) => generation.streams[id]?.labels ?? []);
      const blocks = blockRows.flatMap((rows, i) => headRows(generation.blocks[i]!.view, rows, pieces, labels));
      return [...Map.groupBy(blocks, (block) => block.day).values()].flatMap((ofDay) => {
        const ordered = new OrderedRows(ofDay, labels.length);
        return describeRows(tenant, ordered.take(0, ordered.rows));
      });
    }),
  );
}

/** All rows of a manifest's segments. */
export async function rowsOfSegments(store: ObjectStore, manifest: Manifest): Promise<string[]> {
  const rows: string[] = [];
  for (const { key, size } of manifest.segments) {
    const reader = await openSegment((offset, length) => store.getRange(key, offset, length, never), size, key);
    for await (const { tenant, block } of reader.rowGroups()) rows.push(...describeRows(tenant, block));
  }
  return rows;
}
