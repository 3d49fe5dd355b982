/**
 * The length of an index's name without what changes from day to day: a date (`-2026.11.22`, `-2026.11`, `-2026-11-22`) or the number of a rollover (`-000001`). A label that
 * changes each day would begin all streams anew.
 */
export function stableLength(bytes: Buffer, start: number, length: number): number {
  if (length < 8) return length;
  const last = bytes[start + length - 1]!;
  if (last < 0x30 || last > 0x39) return length;
  const text = bytes.toString('latin1', start, start + length);
  const kept = text.replace(/[-_.](?:\d{4}[.-]\d{2}(?:[.-]\d{2}){0,2}(?:-\d{6})?|\d{4}\.\d{1,3}|\d{8}|\d{6})$/, '');
  return kept === '' ? length : kept.length;
}
