import { type ByteReader, type ByteWriter } from '../../bytes/mod.ts';
import { segmentLimits } from '../limits.ts';
import { alphabetBytes, alphabetFrom, alphabetRest } from './alphabet.ts';
import { columnKinds, type ColumnHeader, type ColumnKind } from './column.ts';

/** Forms of the range: absent; mantissas and a scale; two doubles. */
const rangeForms = { none: 0, scaled: 1, doubles: 2 } as const;
const kindBits = 5;
const scaleMax = 9;
const negativeFlag = 0x80;

const kindById = new Map<number, ColumnKind>(Object.entries(columnKinds).map(([kind, id]) => [id, kind as ColumnKind]));

/** Writes a column's header (docs/formats/segment-columns.md). */
export function writeHeader(writer: ByteWriter, header: ColumnHeader): void {
  const scale = scaleOf(header.range);
  const form = header.range === null ? rangeForms.none : scale < 0 ? rangeForms.doubles : rangeForms.scaled;
  writer.u8(columnKinds[header.kind] | (form << kindBits));
  writer.varint(header.count).varint(header.lengthMin).varint(header.lengthMax - header.lengthMin);
  writer.bytes(alphabetBytes(header.alphabet));
  if (header.range !== null) {
    if (scale < 0) writer.f64(header.range.min).f64(header.range.max);
    else {
      const min = mantissa(header.range.min, scale);
      writer.u8(scale | (min < 0 ? negativeFlag : 0)).varint(Math.abs(min)).varint(mantissa(header.range.max, scale) - min);
    }
  }
  writer.varint(header.parameters.length).bytes(header.parameters);
}

function mantissa(value: number, scale: number): number {
  return Math.round(value * 10 ** scale);
}

/** The smallest scale with which both ends come back exactly; -1 where there is none. */
function scaleOf(range: ColumnHeader['range']): number {
  if (range === null) return -1;
  for (let scale = 0; scale <= scaleMax; scale++) {
    const [min, max] = [mantissa(range.min, scale), mantissa(range.max, scale)];
    if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || !Number.isSafeInteger(max - min)) return -1;
    if (min / 10 ** scale === range.min && max / 10 ** scale === range.max) return scale;
  }
  return -1;
}

/** Reads what writeHeader wrote. Throws `corruption` where it is none or over a limit. */
export function readHeader(reader: ByteReader): ColumnHeader {
  const first = reader.u8();
  const kind = kindById.get(first & ((1 << kindBits) - 1));
  if (kind === undefined) throw reader.damage(`column encoding ${first & ((1 << kindBits) - 1)} is unknown`);
  const count = reader.varint(segmentLimits.rowGroupRowsMax, 'number of values (rowGroupRowsMax)');
  const lengthMin = reader.varint(segmentLimits.columnValueBytesMax, 'shortest value (columnValueBytesMax)');
  const lengthMax = lengthMin + reader.varint(segmentLimits.columnValueBytesMax - lengthMin, 'longest value (columnValueBytesMax)');
  const form = reader.u8();
  const rest = alphabetRest(form);
  if (rest < 0) throw reader.damage(`alphabet ${form} is unknown`);
  const alphabet = alphabetFrom(form, reader.bytes(rest));
  const range = readRange(reader, first >>> kindBits);
  const parameters = reader.bytes(reader.varint(segmentLimits.columnParametersBytesMax, 'bytes of parameters (columnParametersBytesMax)'));
  return { kind, count, alphabet, lengthMin, lengthMax, parameters, range };
}

function readRange(reader: ByteReader, form: number): ColumnHeader['range'] {
  if (form === rangeForms.none) return null;
  if (form === rangeForms.doubles) {
    const [min, max] = [reader.f64(), reader.f64()];
    if (!Number.isFinite(min) || !Number.isFinite(max) || min > max) throw reader.damage('range of a column makes no sense');
    return { min, max };
  }
  if (form !== rangeForms.scaled) throw reader.damage(`form ${form} of a range is unknown`);
  const flags = reader.u8();
  const scale = flags & 0x7f;
  if (scale > scaleMax) throw reader.damage(`scale ${scale} of a range is over the limit of ${scaleMax}`);
  const magnitude = reader.varint();
  const min = (flags & negativeFlag) !== 0 && magnitude > 0 ? -magnitude : magnitude;
  const max = min + reader.varint();
  if (!Number.isSafeInteger(max)) throw reader.damage('range of a column makes no sense');
  return { min: min / 10 ** scale, max: max / 10 ** scale };
}
