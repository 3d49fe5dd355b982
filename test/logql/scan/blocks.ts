import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { labelSet, type LabelSet, type RowBlock } from '../../../src/model/mod.ts';
import type { ScanNeeds } from '../../../src/logql/scan/mod.ts';

/** A row of a test, before it is in a block. */
export interface TestRow {
  /** Index into the streams. */
  readonly stream: number;
  /** Nanoseconds in the day. */
  readonly time: number;
  readonly line: Uint8Array;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly position?: number;
  readonly index?: number;
}

export const testDay = 20_468;

/** A block of rows, which are put in order. `gap` bytes stand between lines; `shuffled` lays them in the order of their length. */
export function makeBlock(streams: readonly LabelSet[], given: readonly TestRow[], layout: { readonly gap?: number; readonly shuffled?: boolean } = {}): RowBlock {
  const rows = given.toSorted((a, b) => a.stream - b.stream || a.time - b.time || (a.position ?? 0) - (b.position ?? 0) || (a.index ?? 0) - (b.index ?? 0));
  const count = rows.length;
  const pack = (values: readonly Uint8Array[], gap: number, shuffled: boolean): { bytes: Buffer; start: Uint32Array; length: Uint32Array } => {
    const start = new Uint32Array(count);
    const parts: Uint8Array[] = [];
    let at = 0;
    const order = values.map((_, i) => i);
    if (shuffled) order.sort((a, b) => values[a]!.length - values[b]!.length);
    for (const i of order) {
      start[i] = at;
      parts.push(values[i]!, Buffer.alloc(gap, 'x'));
      at += values[i]!.length + gap;
    }
    return { bytes: Buffer.concat(parts), start, length: Uint32Array.from(values, (value) => value.length) };
  };
  const lines = pack(rows.map(({ line }) => line), layout.gap ?? 0, layout.shuffled ?? false);
  return {
    rows: count,
    day: testDay,
    streams,
    stream: Uint32Array.from(rows, ({ stream }) => stream),
    time: Float64Array.from(rows, ({ time }) => time),
    order: { position: Float64Array.from(rows, ({ position }) => position ?? 0), index: Uint32Array.from(rows, ({ index }) => index ?? 0), partition: new Uint32Array(count) },
    lineLength: lines.length,
    lines,
    metadata: pack(rows.map(({ metadata }) => Buffer.from(encodeMetadata(labelSet(Object.entries(metadata ?? {}))))), 0, false),
  };
}

/** The block with only the columns that a scan asks for. */
export function onlyNeeded(block: RowBlock, needs: ScanNeeds): RowBlock {
  return { ...block, order: needs.order ? block.order : null, lineLength: needs.lineLength ? block.lineLength : null, lines: needs.lines ? block.lines : null, metadata: needs.metadata ? block.metadata : null };
}
