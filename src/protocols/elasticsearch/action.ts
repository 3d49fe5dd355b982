import { stableLength } from './index-name.ts';
import { actionNames, type BulkItems } from './items.ts';
import type { JsonScan } from './json-scan.ts';

const quote = 0x22;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const comma = 0x2c;
/** Bytes of an index's name that are taken; Elasticsearch allows 255. */
const indexBytesMax = 255;
const idBytesMax = 512;

/** Reads the action lines of a bulk request: `{"create": {"_index": "logs", "_id": "1"}}`. What was read stands in the fields. */
export class ActionReader {
  kind = 0;
  indexId = 0;
  indexStart = 0;
  indexLength = 0;
  /** Bytes of the index's name that make its label (stableLength). */
  indexLabelLength = 0;
  idStart = 0;
  idLength = 0;
  readonly #scan: JsonScan;
  readonly #items: BulkItems;
  /** The line before: most are all the same. */
  #lastStart = 0;
  #lastLength = -1;

  constructor(scan: JsonScan, items: BulkItems) {
    this.#scan = scan;
    this.#items = items;
  }

  /** Reads the line in [start, end); false where it is no action, and `fault` of the scan says why. `pathIndexId` is the index where the line names none. */
  read(start: number, end: number, pathIndexId: number): boolean {
    const { bytes } = this.#scan.arena;
    const length = end - start;
    if (length === this.#lastLength && bytes.compare(bytes, start, end, this.#lastStart, this.#lastStart + length) === 0) return true;
    this.#lastLength = -1;
    this.indexLength = 0;
    this.idLength = 0;
    this.indexId = pathIndexId;
    this.#scan.end = end;
    if (!this.#line(start)) return false;
    this.indexLabelLength = stableLength(this.#scan.arena.bytes, this.indexStart, this.indexLength);
    if (this.indexLength > 0) this.indexId = this.#items.indexId(this.#scan.arena.bytes.toString('utf8', this.indexStart, this.indexStart + this.indexLength));
    this.#lastStart = start;
    this.#lastLength = length;
    return true;
  }

  #line(start: number): boolean {
    const scan = this.#scan;
    const { arena } = scan;
    if (arena.bytes[start] !== openBrace) return scan.fail(start, `expected START_OBJECT but found [${shown(arena.bytes, start)}]`) > 0;
    let at = scan.key(scan.blank(start + 1));
    if (at < 0) return false;
    const name = arena.bytes.toString('latin1', scan.start, scan.start + Math.min(scan.length, 40));
    const kind = (actionNames as readonly string[]).indexOf(name);
    if (kind < 0) return scan.fail(start, `expected field [create], [delete], [index] or [update] but found [${name}]`) > 0;
    this.kind = kind;
    if (arena.bytes[at] !== openBrace || at >= scan.end) return scan.fail(at, 'expected START_OBJECT behind the action') > 0;
    at = this.#fields(at);
    if (at < 0) return false;
    at = scan.blank(at);
    if (at >= scan.end || arena.bytes[at] !== closeBrace) return scan.fail(at, 'expected END_OBJECT behind the action') > 0;
    at = scan.blank(at + 1);
    return at >= scan.end || scan.fail(at, 'only blanks may follow an action') > 0;
  }

  /** Reads the object of an action; the position behind it, or -1. */
  #fields(from: number): number {
    const scan = this.#scan;
    const { arena } = scan;
    let at = scan.blank(from + 1);
    if (at < scan.end && arena.bytes[at] === closeBrace) return at + 1;
    for (;;) {
      at = scan.key(at);
      if (at < 0) return -1;
      const isIndex = scan.length === 6 && arena.bytes.toString('latin1', scan.start, scan.start + 6) === '_index';
      const isId = scan.length === 3 && arena.bytes.toString('latin1', scan.start, scan.start + 3) === '_id';
      if (arena.bytes[at] === quote && (isIndex || isId)) {
        at = scan.string(at);
        if (at < 0) return -1;
        if (isIndex && scan.length <= indexBytesMax) {
          this.indexStart = scan.start;
          this.indexLength = scan.length;
        } else if (isId && scan.length <= idBytesMax) {
          this.idStart = scan.start;
          this.idLength = scan.length;
        } else return scan.fail(at, isIndex ? `an index has a name of at most ${indexBytesMax} bytes` : `an id has at most ${idBytesMax} bytes`);
      } else {
        const start = at;
        at = scan.skip(at);
        if (at < 0) return -1;
        // An id may be a number.
        if (isId && at - start <= idBytesMax && arena.bytes[start]! >= 0x30 && arena.bytes[start]! <= 0x39) {
          this.idStart = start;
          this.idLength = at - start;
        }
      }
      at = scan.blank(at);
      if (at >= scan.end) return scan.fail(at, '');
      const byte = arena.bytes[at];
      at++;
      if (byte === closeBrace) return at;
      if (byte !== comma) return scan.fail(at - 1, 'a comma or } is expected');
      at = scan.blank(at);
    }
  }
}

function shown(bytes: Buffer, at: number): string {
  return bytes.toString('utf8', at, Math.min(bytes.length, at + 4)).slice(0, 1);
}
