import type { ColumnValues } from './column.ts';
import { viewOf, type Lengths } from './texts.ts';

/** Values that take more than this are left where they are. */
const bytesMax = 4 * 1024 * 1024;
/** So are those between which there are not even so many times their own bytes. */
const spreadMin = 3;
/** Values that are this long are copied by the runtime. */
const longMin = 96;

let held = { bytes: Buffer.allocUnsafeSlow(65_536), view: new DataView(new ArrayBuffer(0)), start: new Uint32Array(4096) };

/**
 * The values, one after another if they were far apart: an encoder looks at each several times, and a value in another line each time is a cache miss, which costs more
 * than all else. Valid until the next call.
 */
export function compactValues(values: ColumnValues, lengths: Lengths): ColumnValues {
  if ((globalThis as {NC?:boolean}).NC) return values;
  const { start, length, count } = values;
  const extent = start[count - 1]! - start[0]!;
  if (extent < spreadMin * lengths.total || lengths.total > bytesMax) return values;
  if (held.bytes.length < lengths.total + 4) held = { ...held, bytes: Buffer.allocUnsafeSlow(2 * lengths.total) };
  if (held.view.buffer !== held.bytes.buffer) held = { ...held, view: viewOf(held.bytes) };
  if (held.start.length < count) held = { ...held, start: new Uint32Array(2 * count) };
  const { bytes, view, start: starts } = held;
  const source = viewOf(values.bytes);
  // Four bytes at a time, so up to three more than the value.
  const safe = values.bytes.length - 4;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const from = start[i]!;
    const size = length[i]!;
    starts[i] = at;
    if (size >= longMin || from + size > safe) values.bytes.copy(bytes, at, from, from + size);
    else for (let j = 0; j < size; j += 4) view.setInt32(at + j, source.getInt32(from + j, true), true);
    at += size;
  }
  return { ...values, bytes, start: starts };
}
