import { packedBytes, readPacked, writePacked, type Packed } from './packed.ts';

/** Frame of reference: distance from the smallest value, in a fixed width. Any row can be read alone. */
export function encodeFrame(values: Float64Array, rows: number, base: number, scale: number, width: number): Uint8Array {
  const raw = new ArrayBuffer(packedBytes(width, rows));
  writePacked(raw, 0, values, rows, base, scale, width);
  return new Uint8Array(raw);
}

/** Reads what encodeFrame wrote; a text says what is wrong. */
export function decodeFrame(payload: Uint8Array, rows: number): Packed | string {
  const packed = readPacked(payload, 0, rows);
  if (typeof packed === 'string') return packed;
  return packedBytes(packed.width, rows) === payload.length ? packed : 'bytes left over';
}
