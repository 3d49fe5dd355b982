import type { ColumnNeeds, RowBlock } from './rows.ts';
import type { ShreddedRows } from './shredded.ts';

/** The wanted rows of a shredded row group as a block, with lines and metadata put together where they are needed. */
export function shreddedBlock(group: ShreddedRows, needs: ColumnNeeds): RowBlock {
  let count = 0;
  for (const { from, to } of group.runs) count += to - from;
  const rows = new Uint32Array(count);
  const stream = new Uint32Array(count);
  let at = 0;
  for (const run of group.runs) {
    stream.fill(run.stream, at, at + run.to - run.from);
    for (let row = run.from; row < run.to; row++) rows[at++] = row;
  }
  return someShreddedRows(group, rows, stream, needs);
}

/** Some rows (ascending) as a block; `stream` is that of each of them, an index into the group's streams. */
export function someShreddedRows(group: ShreddedRows, rows: Uint32Array, stream: Uint32Array, needs: ColumnNeeds): RowBlock {
  const all = group.time();
  const time = new Float64Array(rows.length);
  for (let i = 0; i < time.length; i++) time[i] = all[rows[i]!]!;
  const order = needs.order ? group.order() : null;
  const lines = needs.lines ? group.lines(rows) : null;
  const words = (values: Uint32Array): Uint32Array => rows.map((row) => values[row]!);
  return {
    rows: rows.length,
    day: group.day,
    streams: group.streams,
    stream,
    time,
    order: order === null ? null : { position: Float64Array.from(rows, (row) => order.position[row]!), index: words(order.index), partition: words(order.partition) },
    lineLength: lines?.length ?? (needs.lineLength ? words(group.lineLength()) : null),
    lines,
    metadata: needs.metadata ? group.metadata(rows) : null,
  };
}
