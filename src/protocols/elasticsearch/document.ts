import type { Arena } from '../arena.ts';
import type { GroupedRows } from '../grouped-rows.ts';
import { TimeText } from '../time-text.ts';
import { flattenDepthMax, role, type FieldNode, type FieldRules } from './fields.ts';
import type { JsonScan } from './json-scan.ts';

const quote = 0x22;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const comma = 0x2c;
const letterN = 0x6e;
const noPlace = 0xffff_ffff;
/** How far a field is looked for from where it stood in the document before. */
const hintReach = 8;

/** What a tenant allows; a document that has more is kept as it is, as its line. */
export interface DocumentLimits {
  /** Pairs of metadata of one entry. */
  readonly pairsMax: number;
  /** Bytes of their names and values. */
  readonly pairBytesMax: number;
  /** Labels of one stream; further ones become metadata. */
  readonly labelsMax: number;
  /** Bytes of a label value; longer ones become metadata. */
  readonly labelBytesMax: number;
  /** Whether levels are discovered, so that `log.level` decides. */
  readonly levels: boolean;
  /** The time of documents that have none: seconds and nanoseconds since 1970. */
  readonly nowSeconds: number;
  readonly nowNanos: number;
}

/**
 * Takes documents apart: one entry each, whose line, time and labels are fields by {@link FieldRules} and whose metadata are all others, objects inside taken apart
 * (`kubernetes.pod.name`), arrays as JSON, nulls left out. A document without a line, or with more fields than may be, is its own line, as it was sent, without metadata.
 */
export class DocumentReader {
  readonly #scan: JsonScan;
  readonly #arena: Arena;
  readonly #rules: FieldRules;
  readonly #rows: GroupedRows;
  readonly #limits: DocumentLimits;
  readonly #time = new TimeText();
  readonly #levelName: number;
  // Of the document at hand.
  #pairs = 0;
  #pairBytes = 0;
  #isWhole = false;
  #levelStart = 0;
  #levelLength = 0;
  /** Place in the list of the field that each label slot was taken from, and where its name stands. */
  readonly #slotPlace: Uint32Array;
  readonly #slotNode: (FieldNode | null)[];
  /** By place in the list: start and length of the values of line and time fields; start `noPlace` where there is none. */
  readonly #lines: Uint32Array;
  readonly #lineNodes: (FieldNode | null)[];
  readonly #times: Uint32Array;
  readonly #timeNodes: (FieldNode | null)[];

  constructor(scan: JsonScan, rules: FieldRules, rows: GroupedRows, limits: DocumentLimits) {
    this.#scan = scan;
    this.#arena = scan.arena;
    this.#rules = rules;
    this.#rows = rows;
    this.#limits = limits;
    this.#slotPlace = new Uint32Array(rules.labels.length);
    this.#slotNode = rules.labels.map(() => null);
    this.#lines = new Uint32Array(rules.lineFields * 2);
    this.#lineNodes = Array.from({ length: rules.lineFields }, () => null);
    this.#times = new Uint32Array(rules.timeFields * 2);
    this.#timeNodes = Array.from({ length: rules.timeFields }, () => null);
    this.#levelName = this.#arena.append(detectedLevel);
  }

  /**
   * Reads the document in [start, end) as the next entry. `index` is what it is for (length 0 for none). False where it is none, or its time cannot be read; then no entry is
   * added, and `fault` of the scan says why.
   */
  read(start: number, end: number, indexStart: number, indexLength: number): boolean {
    const scan = this.#scan;
    scan.end = end;
    let at = scan.blank(start);
    if (at >= end || this.#arena.bytes[at] !== openBrace) {
      scan.fail(at, 'a document must be a JSON object');
      return false;
    }
    const { rows } = this.#rows;
    rows.addRow();
    this.#begin();
    const documentStart = at;
    at = this.#object(at + 1, this.#rules.root, 0);
    const documentEnd = at;
    if (at >= 0 && (at = scan.blank(at)) < end) at = scan.fail(at, 'only blanks may follow a document');
    if (at < 0 || !this.#finishTime()) {
      rows.truncate(rows.rows - 1);
      return false;
    }
    this.#finishLabels(indexStart, indexLength);
    this.#finishLine(documentStart, documentEnd);
    this.#rows.endRow(this.#arena.bytes);
    return true;
  }

  #begin(): void {
    this.#pairs = 0;
    this.#pairBytes = 0;
    this.#isWhole = false;
    this.#levelLength = 0;
    this.#slotPlace.fill(noPlace);
    this.#rows.clearSlots();
    for (let i = 0; i < this.#lines.length; i += 2) this.#lines[i] = noPlace;
    for (let i = 0; i < this.#times.length; i += 2) this.#times[i] = noPlace;
  }

  /** Reads the fields of an object from behind its brace on; the position behind it, or -1. */
  #object(from: number, node: FieldNode, depth: number): number {
    const scan = this.#scan;
    const arena = this.#arena;
    let at = scan.blank(from);
    if (at < scan.end && arena.bytes[at] === closeBrace) return at + 1;
    for (let hint = 0; ; hint++) {
      at = scan.key(at);
      if (at < 0) return -1;
      let child = node.children[hint];
      if (child === undefined || !isKey(child.key, arena.bytes, scan.start, scan.length)) {
        child = this.#rules.child(node, arena.bytes, scan.start, scan.length);
        // Where the next document has the fields in another order, or leaves one out, the next hint is right again.
        if (child !== undefined && node.children[hint] !== child) hint = nextHint(node, child, hint);
      }
      at = child === undefined ? this.#rest(at) : this.#value(at, child, depth);
      if (at < 0) return -1;
      let byte = arena.bytes[at];
      if (byte !== comma && byte !== closeBrace) {
        at = scan.blank(at);
        byte = arena.bytes[at];
      }
      if (at >= scan.end) return scan.fail(at, '');
      at++;
      if (byte === closeBrace) return at;
      if (byte !== comma) return scan.fail(at - 1, 'a comma or } is expected');
      if (arena.bytes[at] !== quote) at = scan.blank(at);
    }
  }

  /** A field whose name is too long for a name: the document is kept whole. */
  #rest(at: number): number {
    this.#isWhole = true;
    return this.#scan.skip(at);
  }

  /** Reads the value of a field; the position behind it, or -1. */
  #value(at: number, node: FieldNode, depth: number): number {
    const scan = this.#scan;
    const byte = this.#arena.bytes[at];
    if (byte === quote && at < scan.end) {
      const next = scan.string(at);
      if (next >= 0) this.#field(node, scan.start, scan.length, true);
      return next;
    }
    if (byte === openBrace && at < scan.end) {
      if (depth < flattenDepthMax && node.role !== role.ignored) return this.#object(at + 1, node, depth + 1);
      const next = scan.skip(at);
      if (next >= 0 && node.role !== role.ignored) this.#pair(node, at, next - at);
      return next;
    }
    if (byte === openBracket && at < scan.end) {
      const next = scan.skip(at);
      if (next >= 0 && node.role !== role.ignored) this.#pair(node, at, next - at);
      return next;
    }
    const next = scan.scalar(at);
    if (next >= 0 && byte !== letterN) this.#field(node, at, next - at, false);
    return next;
  }

  /** Takes in a value that is a text or another scalar. */
  #field(node: FieldNode, start: number, length: number, isText: boolean): void {
    if (node.isLevel && isText) {
      this.#levelStart = start;
      this.#levelLength = length;
    }
    switch (node.role) {
      case role.metadata:
        this.#pair(node, start, length);
        return;
      case role.label: {
        if (length === 0) return;
        const { slot, place } = node;
        const before = this.#slotPlace[slot]!;
        const isLong = length > this.#limits.labelBytesMax;
        if (isLong || before < place) this.#pair(node, start, length);
        else {
          const other = this.#slotNode[slot];
          if (before !== noPlace && before !== place && other !== null && other !== undefined) this.#pair(other, this.#rows.slotStart(slot), this.#rows.slotLength(slot));
          this.#slotPlace[slot] = place;
          this.#slotNode[slot] = node;
          this.#rows.setSlot(slot, start, length);
        }
        return;
      }
      case role.line:
        this.#lines[node.place * 2] = start;
        this.#lines[node.place * 2 + 1] = length;
        this.#lineNodes[node.place] = node;
        return;
      case role.time:
        this.#times[node.place * 2] = start;
        this.#times[node.place * 2 + 1] = length;
        this.#timeNodes[node.place] = node;
    }
  }

  /** Adds a pair of metadata. */
  #pair(node: FieldNode, start: number, length: number): void {
    if (length === 0 || this.#isWhole) return;
    this.#addPair(this.#nameOf(node), node.name.length, start, length);
  }

  #addPair(nameStart: number, nameLength: number, start: number, length: number): void {
    this.#pairBytes += nameLength + length;
    if (++this.#pairs > this.#limits.pairsMax || this.#pairBytes > this.#limits.pairBytesMax) {
      this.#isWhole = true;
      return;
    }
    this.#rows.rows.addPair(nameStart, nameLength, start, length);
  }

  /** Where the name of a field stands in this arena. */
  #nameOf(node: FieldNode): number {
    if (node.nameOwner !== this.#arena) {
      node.nameStart = this.#arena.append(node.name);
      node.nameOwner = this.#arena;
    }
    return node.nameStart;
  }

  /** Sets the time; false where the field that holds it cannot be read. */
  #finishTime(): boolean {
    const { rows } = this.#rows;
    const times = this.#times;
    const { bytes } = this.#arena;
    let taken = false;
    for (let i = 0; i < times.length; i += 2) {
      const start = times[i]!;
      if (start === noPlace) continue;
      const end = start + times[i + 1]!;
      const node = this.#timeNodes[i / 2]!;
      if (taken || start === end) this.#pair(node, start, end - start);
      else if (this.#time.readIso(bytes, start, end) || this.#time.readEpoch(bytes, start, end)) {
        taken = true;
        if (this.#time.seconds >= 0) rows.setTime(this.#time.seconds, this.#time.nanos);
        else rows.setTimeNs(BigInt(this.#time.seconds) * 1_000_000_000n + BigInt(this.#time.nanos));
      } else {
        this.#scan.faultAt = start;
        this.#scan.fault = `failed to parse field [${node.path}] of type [date]: '${bytes.toString('utf8', start, Math.min(end, start + 60))}'`;
        return false;
      }
    }
    if (!taken) {
      // Equal entries of one request are told apart by a nanosecond each.
      const nanos = this.#limits.nowNanos + (rows.rows - 1);
      rows.setTime(this.#limits.nowSeconds + Math.floor(nanos / 1e9), nanos % 1e9);
    }
    return true;
  }

  /** Adds the index where nothing else says it, and turns labels that are too many into metadata. */
  #finishLabels(indexStart: number, indexLength: number): void {
    const rules = this.#rules;
    const slot = rules.indexSlot;
    if (slot >= 0 && indexLength > 0 && this.#slotPlace[slot] === noPlace && (rules.datasetSlot < 0 || this.#slotPlace[rules.datasetSlot] === noPlace)) {
      this.#slotPlace[slot] = rules.indexPlace;
      this.#slotNode[slot] = null;
      this.#rows.setSlot(slot, indexStart, Math.min(indexLength, this.#limits.labelBytesMax));
    }
    let labels = 0;
    for (let i = 0; i < this.#slotPlace.length; i++) {
      if (this.#slotPlace[i] === noPlace || ++labels <= this.#limits.labelsMax) continue;
      const node = this.#slotNode[i];
      if (node !== null && node !== undefined) this.#pair(node, this.#rows.slotStart(i), this.#rows.slotLength(i));
      this.#rows.setSlot(i, 0, 0);
    }
  }

  /** Sets the line: the first of its fields that has a text, or else an empty one, or else the document. */
  #finishLine(documentStart: number, documentEnd: number): void {
    const { rows } = this.#rows;
    const lines = this.#lines;
    let chosen = -1;
    for (let i = 0; i < lines.length; i += 2) {
      if (lines[i] === noPlace) continue;
      if (chosen < 0 || (lines[chosen + 1] === 0 && lines[i + 1]! > 0)) chosen = i;
    }
    if (chosen < 0) this.#isWhole = true;
    for (let i = 0; i < lines.length; i += 2) if (i !== chosen && lines[i] !== noPlace) this.#pair(this.#lineNodes[i / 2]!, lines[i]!, lines[i + 1]!);
    if (this.#levelLength > 0 && this.#limits.levels && !this.#isWhole) this.#addPair(this.#levelName, detectedLevel.length, this.#levelStart, this.#levelLength);
    if (this.#isWhole) {
      rows.dropPairs();
      rows.setLine(documentStart, documentEnd - documentStart);
      // The line's own fields are searched for a level, but not two names deep with a dot in one.
      if (this.#levelLength > 0 && this.#limits.levels && this.#limits.pairsMax > 0) rows.addPair(this.#levelName, detectedLevel.length, this.#levelStart, this.#levelLength);
    } else rows.setLine(lines[chosen]!, lines[chosen + 1]!);
  }
}

const detectedLevel = Buffer.from('detected_level');

function isKey(key: Buffer, bytes: Buffer, start: number, length: number): boolean {
  if (key.length !== length) return false;
  for (let i = 0; i < length; i++) if (key[i] !== bytes[start + i]) return false;
  return true;
}

/** The place of a child near where it was looked for; that place itself where it is not near. */
function nextHint(node: FieldNode, child: FieldNode, hint: number): number {
  for (let distance = 1; distance <= hintReach; distance++) {
    if (node.children[hint + distance] === child) return hint + distance;
    if (node.children[hint - distance] === child) return hint - distance;
  }
  return hint;
}
