import { DecodeScratch, decodeFooter, decodeShapes, HexPoolReader, openPage, PageSource, SegmentWriter, ShreddedGroup } from '../../../../src/chunks/mod.ts';
import { encodeMetadata } from '../../../../src/bytes/mod.ts';
import { labelSet, type ShreddedRun } from '../../../../src/model/mod.ts';

export interface PlainRow {
  readonly stream: Readonly<Record<string, string>>;
  /** Nanoseconds in the day. */
  readonly time: number;
  readonly line: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

export const testDay = 20_000;

/** A shredded row group with these rows (of which none may repeat), and all of its runs or those that `wanted` lets through. */
export function shreddedOf(rows: readonly PlainRow[], wanted: (run: ShreddedRun) => readonly ShreddedRun[] = (run) => [run]): ShreddedGroup {
  return openerOf(rows)(wanted);
}

/** As shreddedOf, to be opened several times; `onRead` is told how many bytes are read at a time. */
export function openerOf(rows: readonly PlainRow[]): (wanted?: (run: ShreddedRun) => readonly ShreddedRun[], onRead?: (bytes: number) => void) => ShreddedGroup {
  const keys = [...new Set(rows.map(({ stream }) => JSON.stringify(stream)))].sort();
  const sorted = rows
    .map((row, index) => ({ row, index, slot: keys.indexOf(JSON.stringify(row.stream)) }))
    .sort((a, b) => a.slot - b.slot || a.row.time - b.row.time || a.index - b.index);
  const texts = (values: readonly Uint8Array[]) => {
    const start = new Uint32Array(values.length);
    const length = new Uint32Array(values.length);
    let at = 0;
    for (const [i, value] of values.entries()) {
      start[i] = at;
      length[i] = value.length;
      at += value.length;
    }
    return { bytes: Buffer.concat(values), start, length };
  };
  const streams = keys.map((key) => labelSet(Object.entries(JSON.parse(key) as Record<string, string>)));
  const writer = new SegmentWriter();
  writer.add('t', {
    rows: sorted.length,
    day: testDay,
    streams,
    stream: Uint32Array.from(sorted, ({ slot }) => slot),
    time: Float64Array.from(sorted, ({ row }) => row.time),
    order: { position: Float64Array.from(sorted, ({ index }) => index + 1), index: Uint32Array.from(sorted, () => 0), partition: Uint32Array.from(sorted, () => 0) },
    lineLength: null,
    lines: texts(sorted.map(({ row }) => row.line)),
    metadata: texts(sorted.map(({ row }) => encodeMetadata(Object.entries(row.metadata).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ name, value }))))),
  });
  const { data, footerBytes, chunks } = writer.finish();
  const where = 'test';
  const footer = decodeFooter(data.subarray(data.length - footerBytes), data.length, where);
  const [rowGroup] = footer.rowGroups;
  if (rowGroup?.shapes === undefined || rowGroup.shapes === null || footer.rowGroups.length !== 1) throw new TypeError('one shredded row group is wanted');
  const bytesOf = ({ offset, storedBytes }: { readonly offset: number; readonly storedBytes: number }): Uint8Array => data.subarray(offset, offset + storedBytes);
  const shapes = decodeShapes(openPage(rowGroup.shapes, bytesOf(rowGroup.shapes), where), rowGroup, where);
  const { pool } = footer;
  const runs = chunks.map(({ rowStart, rows: count }, stream) => ({ stream, from: rowStart, to: rowStart + count }));
  return (wanted = (run) => [run], onRead = () => undefined) => {
    const source = new PageSource([], [], where, (ranges) => ranges.map(({ offset, length }) => {
      onRead(length);
      return data.subarray(offset, offset + length);
    }));
    const parts = { rowGroup, shapes, source, arrays: new DecodeScratch(), pool: () => new HexPoolReader(pool === null ? Buffer.alloc(0) : openPage(pool, bytesOf(pool), where), where) };
    return new ShreddedGroup(parts, chunks.map(({ labels }) => labels), runs.flatMap(wanted));
  };
}
