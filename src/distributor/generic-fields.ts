import { ExpressionError, JsonPathReader } from '../logql/mod.ts';
import { labelValue, type LabelSet, type Limits } from '../model/mod.ts';
import { isJsonLine, isLogfmtLine } from './level.ts';
import { LevelFields } from './level-fields.ts';
import { findLogfmtField, type FoundField } from './level-logfmt.ts';
import { metadataName, type MetadataName } from './metadata-names.ts';

/** Structured metadata that discover_generic_fields adds, and where it is taken from. */
export interface GenericField {
  readonly name: MetadataName;
  /** Names of labels and of metadata, in the order in which they count. */
  readonly hints: readonly string[];
  /** The same as fields of logfmt, in any case. */
  readonly fields: LevelFields;
  /** The same as paths into JSON; those that are none are left out. */
  readonly paths: readonly JsonPathReader[];
}

const prepared = new WeakMap<Limits['discover_generic_fields'], readonly GenericField[]>();

/** The fields of a tenant, prepared; null where there are none, or metadata are not allowed. */
export function genericFieldsOf(limits: Limits): readonly GenericField[] | null {
  const given = limits.discover_generic_fields;
  if (given.size === 0 || !limits.allow_structured_metadata) return null;
  let fields = prepared.get(given);
  if (fields === undefined) {
    fields = [...given].map(([name, hints]) => ({ name: metadataName(Buffer.from(name), []), hints, fields: new LevelFields(hints), paths: hints.flatMap(pathOf) }));
    prepared.set(given, fields);
  }
  return fields;
}

function pathOf(hint: string): readonly JsonPathReader[] {
  try {
    return [new JsonPathReader(hint)];
  } catch (error) {
    if (error instanceof ExpressionError) return [];
    throw error;
  }
}

/** The value of the first of a field's names that the stream has as a label; undefined where it has none. */
export function valueOfLabels(field: GenericField, labels: LabelSet): string | undefined {
  for (const hint of field.hints) {
    const value = labelValue(labels, hint);
    if (value !== undefined) return value;
  }
  return undefined;
}

const found: FoundField = { start: 0, end: 0, escaped: false };

/**
 * A field's value in the line bytes[start … end): of a JSON object what stands at the first path that exists (a string without its quotes, anything else as it is written), of logfmt
 * the value of the name that stands first in the list. Undefined where there is none, or it is empty.
 */
export function valueOfLine(field: GenericField, bytes: Buffer, start: number, end: number): Buffer | undefined {
  if (isJsonLine(bytes, start, end)) {
    for (const path of field.paths) if (path.find(bytes, start, end)) return notEmpty(bytes.subarray(path.start, path.end));
    return undefined;
  }
  if (!isLogfmtLine(bytes, start, end) || !findLogfmtField(bytes, start, end, field.fields, found)) return undefined;
  const value = bytes.subarray(found.start, found.end);
  return notEmpty(found.escaped ? unquoted(value) : value);
}

function notEmpty(value: Buffer): Buffer | undefined {
  return value.length === 0 ? undefined : value;
}

function unquoted(value: Buffer): Buffer {
  try {
    return Buffer.from(JSON.parse(`"${value.toString('utf8')}"`) as string);
  } catch {
    return Buffer.alloc(0);
  }
}
