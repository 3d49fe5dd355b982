import type { BytesColumn, LabelSet, RowBlock } from '../../model/mod.ts';
import type { HeadBlockView } from './block.ts';

/** A stretch of time inside which rows are wanted: from ≤ time < to, each as UTC day and nanoseconds in it. */
export interface TimeWindow {
  readonly fromDay: number;
  readonly fromTime: number;
  readonly toDay: number;
  readonly toTime: number;
}

/** A stream of a head block that is wanted. */
export interface HeadPiece {
  /** Stream id in the generation. */
  readonly streamId: number;
  /** Index into the `streams` of the resulting blocks. */
  readonly slot: number;
  /** Null: all of its rows. */
  readonly windows: readonly TimeWindow[] | null;
}

/**
 * The wanted rows of a head block from row `fromRow` up to row `rows`: one RowBlock per UTC day, rows in the order in which they arrived (orderRows puts
 * them into total order). Bytes are shared with the head.
 */
export function headRows(view: HeadBlockView, rows: number, pieces: readonly HeadPiece[], streams: readonly LabelSet[], fromRow = 0): RowBlock[] {
  let streamMax = 0;
  for (const piece of pieces) streamMax = Math.max(streamMax, piece.streamId);
  const pieceOf = new Int32Array(streamMax + 1).fill(-1);
  for (const [i, piece] of pieces.entries()) pieceOf[piece.streamId] = i;
  const windows = pieces.map((piece) => piece.windows);
  const selected = new Uint32Array(rows - fromRow);
  let count = 0;
  const rowsOfDay = new Map<number, number>();
  let lastDay = Number.NaN;
  let lastDayRows = 0;
  for (let row = fromRow; row < rows; row++) {
    const id = view.stream[row] as number;
    const piece = id <= streamMax ? (pieceOf[id] as number) : -1;
    if (piece < 0) continue;
    const wanted = windows[piece] ?? null;
    const day = view.day[row] as number;
    if (wanted !== null && !inWindows(wanted, day, view.time[row] as number)) continue;
    selected[count++] = row;
    if (day !== lastDay) {
      if (lastDayRows > 0) rowsOfDay.set(lastDay, (rowsOfDay.get(lastDay) ?? 0) + lastDayRows);
      lastDay = day;
      lastDayRows = 0;
    }
    lastDayRows += 1;
  }
  if (lastDayRows > 0) rowsOfDay.set(lastDay, (rowsOfDay.get(lastDay) ?? 0) + lastDayRows);
  const slots = pieces.map((piece) => piece.slot);
  return [...rowsOfDay.keys()]
    .sort((a, b) => a - b)
    .map((day) => dayBlock(view, selected.subarray(0, count), day, rowsOfDay.get(day) ?? 0, pieceOf, slots, streams));
}

/** Whether a time lies in one of the windows. */
export function inWindows(windows: readonly TimeWindow[], day: number, time: number): boolean {
  for (const window of windows) {
    const afterStart = day > window.fromDay || (day === window.fromDay && time >= window.fromTime);
    const beforeEnd = day < window.toDay || (day === window.toDay && time < window.toTime);
    if (afterStart && beforeEnd) return true;
  }
  return false;
}

function dayBlock(
  view: HeadBlockView,
  selected: Uint32Array,
  day: number,
  count: number,
  pieceOf: Int32Array,
  slots: readonly number[],
  streams: readonly LabelSet[],
): RowBlock {
  const stream = new Uint32Array(count);
  const time = new Float64Array(count);
  const order = {
    position: new Float64Array(count),
    index: new Uint32Array(count),
    partition: new Uint32Array(count).fill(view.memory.partition),
  };
  const lines: BytesColumn = { bytes: view.arena, start: new Uint32Array(count), length: new Uint32Array(count) };
  const metadata: BytesColumn = { bytes: view.arena, start: new Uint32Array(count), length: new Uint32Array(count) };
  let at = 0;
  for (let i = 0; i < selected.length; i++) {
    const row = selected[i] as number;
    if (view.day[row] !== day) continue;
    stream[at] = slots[pieceOf[view.stream[row] as number] as number] as number;
    time[at] = view.time[row] as number;
    order.position[at] = view.position[row] as number;
    order.index[at] = view.index[row] as number;
    lines.start[at] = view.lineStart[row] as number;
    lines.length[at] = view.lineLength[row] as number;
    metadata.start[at] = view.metadataStart[row] as number;
    metadata.length[at] = view.metadataLength[row] as number;
    at += 1;
  }
  return { rows: count, day, streams, stream, time, order, lineLength: lines.length, lines, metadata };
}
