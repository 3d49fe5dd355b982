import { JsonFields } from './json.ts';
import { LogfmtFields, looksLikeLogfmt } from './logfmt.ts';
import type { FieldNames } from './names.ts';
import type { FieldParser, FieldTable } from './table.ts';

/** Fields of lines whose format nobody named: JSON objects, and what begins with `key=`; all others have none. */
export class AutoFields implements FieldParser {
  readonly names: FieldNames;
  readonly #json: JsonFields;
  readonly #logfmt: LogfmtFields;

  constructor(names: FieldNames) {
    this.names = names;
    this.#json = new JsonFields(names);
    this.#logfmt = new LogfmtFields(names);
  }

  parse(table: FieldTable, bytes: Buffer, start: number, end: number): boolean {
    let at = start;
    while (at < end && (bytes[at] as number) <= 0x20) at++;
    if (bytes[at] === 0x7b && at < end) return this.#json.parse(table, bytes, at, end);
    return looksLikeLogfmt(bytes, at, end) && this.#logfmt.parse(table, bytes, at, end);
  }
}
