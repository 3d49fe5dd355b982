import type { Arena } from '../arena.ts';
import type { GroupedRows } from '../grouped-rows.ts';
import { TimeText } from '../time-text.ts';
import type { BsdTime } from './bsd-time.ts';
import { field, syslogFields, type SyslogRules } from './fields.ts';
import { facilities, levels, prioritiesEnd, severities } from './priority.ts';

const space = 0x20;
const dash = 0x2d;
const colon = 0x3a;
const quote = 0x22;
const backslash = 0x5c;
const lessThan = 0x3c;
const greaterThan = 0x3e;
const openBracket = 0x5b;
const closeBracket = 0x5d;
/** Characters of a tag (RFC 3164 has 32; systemd and containers have longer names). */
const tagBytesMax = 128;
const digitOne = 0x31;

/** What a tenant allows in one entry; a message that has more is kept as it came, as its line. */
export interface MessageLimits {
  readonly pairsMax: number;
  readonly pairBytesMax: number;
  readonly labelBytesMax: number;
  /** Whether the severity is to be the level. */
  readonly levels: boolean;
}

/**
 * Takes syslog messages apart, each as it is: RFC 5424 (`<34>1 2026-…`), RFC 3164 (`<34>Nov  2 14:05:12 host app[1]: …`) and what devices make of it (ISO times, years,
 * fractions, sequence numbers, no host, no time), or none of them: then the line is the whole message. The line is the message without its header; header and structured data become labels and
 * metadata.
 */
export class MessageReader {
  readonly #arena: Arena;
  readonly #rows: GroupedRows;
  readonly #rules: SyslogRules;
  readonly #limits: MessageLimits;
  readonly #bsd: BsdTime;
  readonly #time = new TimeText();
  /** Where constant texts stand in the arena. */
  readonly #names: readonly Text[];
  readonly #facilities: readonly Text[];
  readonly #severities: readonly Text[];
  readonly #levels: readonly Text[];
  readonly #constants: readonly Text[];
  readonly #levelName: Text;
  readonly #true: Text;
  // Of the message at hand.
  #hasTime = false;
  #hasHost = false;
  #pairs = 0;
  #pairBytes = 0;
  #isWhole = false;
  #lineStart = 0;
  #valueStart = 0;
  #valueLength = 0;

  constructor(arena: Arena, rows: GroupedRows, rules: SyslogRules, limits: MessageLimits, bsd: BsdTime) {
    const text = (value: string | Buffer): Text => ({ start: arena.append(Buffer.from(value)), length: Buffer.byteLength(value) });
    this.#arena = arena;
    this.#rows = rows;
    this.#rules = rules;
    this.#limits = limits;
    this.#bsd = bsd;
    this.#names = syslogFields.map(text);
    this.#facilities = facilities.map(text);
    this.#severities = severities.map(text);
    this.#levels = levels.map(text);
    this.#constants = rules.constants.map(text);
    this.#levelName = text('detected_level');
    this.#true = text('true');
  }

  /**
   * Adds the message in [start, end) of the arena as an entry. `peer` is where it came from, for messages that do not name a host; now is its time where it has none.
   */
  read(start: number, end: number, peer: Text, nowSeconds: number, nowNanos: number): void {
    const { bytes } = this.#arena;
    let stop = end;
    while (stop > start && (bytes[stop - 1] === 0x0a || bytes[stop - 1] === 0x0d || bytes[stop - 1] === 0)) stop--;
    const { rows } = this.#rows;
    rows.addRow();
    this.#begin();
    let priority = -1;
    let at = this.#priorityEnd(start, stop);
    if (at > start) {
      priority = number(bytes, start + 1, at - 1);
      this.#constant(field.facility, this.#facilities[priority >>> 3]!);
      this.#constant(field.severity, this.#severities[priority & 7]!);
    } else at = start;
    this.#lineStart = at;
    const isNew = priority >= 0 && bytes[at] === digitOne && bytes[at + 1] === space && at + 1 < stop;
    if (!isNew || !this.#rfc5424(at + 2, stop)) this.#rfc3164(at, stop, nowSeconds * 1000, priority >= 0);
    if (!this.#hasTime) rows.setTime(nowSeconds, nowNanos);
    if (!this.#hasHost && peer.length > 0) this.#field(field.host, peer.start, peer.length);
    if (priority >= 0 && this.#limits.levels) this.#pair(this.#levelName.start, this.#levelName.length, this.#levels[priority & 7]!.start, this.#levels[priority & 7]!.length);
    if (this.#isWhole) {
      rows.dropPairs();
      this.#lineStart = start;
    }
    rows.setLine(this.#lineStart, stop - this.#lineStart);
    this.#rows.endRow(this.#arena.bytes);
  }

  #begin(): void {
    this.#hasTime = false;
    this.#hasHost = false;
    this.#pairs = 0;
    this.#pairBytes = 0;
    this.#isWhole = false;
    this.#rows.clearSlots();
    for (let slot = 0; slot < this.#constants.length; slot++) this.#rows.setSlot(slot, this.#constants[slot]!.start, this.#constants[slot]!.length);
  }

  /** The position behind `<191>` at `start`; `start` where there is no priority. */
  #priorityEnd(start: number, end: number): number {
    const { bytes } = this.#arena;
    if (bytes[start] !== lessThan || end - start < 3) return start;
    let at = start + 1;
    while (at < end && at < start + 4 && isDigit(bytes[at]!)) at++;
    if (at === start + 1 || at >= end || bytes[at] !== greaterThan) return start;
    return number(bytes, start + 1, at) < prioritiesEnd ? at + 1 : start;
  }

  /** Reads what follows the version of RFC 5424; false, and nothing is taken, where the header is not whole. */
  #rfc5424(start: number, end: number): boolean {
    const { bytes } = this.#arena;
    const timeEnd = this.#wordEnd(start, end);
    const isNil = timeEnd === start + 1 && bytes[start] === dash;
    const hasTime = !isNil && this.#time.readIso(bytes, start, timeEnd);
    if (timeEnd >= end || (!isNil && !hasTime)) return false;
    const hostEnd = this.#wordEnd(timeEnd + 1, end);
    const appEnd = this.#wordEnd(hostEnd + 1, end);
    const procEnd = this.#wordEnd(appEnd + 1, end);
    const idEnd = this.#wordEnd(procEnd + 1, end);
    if (idEnd >= end) return false;
    if (hasTime) this.#setTime(this.#time);
    this.#word(field.host, timeEnd + 1, hostEnd);
    this.#word(field.app, hostEnd + 1, appEnd);
    this.#word(field.procId, appEnd + 1, procEnd);
    this.#word(field.msgId, procEnd + 1, idEnd);
    let at = idEnd + 1;
    if (bytes[at] === openBracket) at = this.#structuredData(at, end);
    else if (bytes[at] === dash && (at + 1 === end || bytes[at + 1] === space)) at++;
    if (at < end && bytes[at] === space) at++;
    // The mark of UTF-8 that the message may begin with.
    if (bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf && at + 3 <= end) at += 3;
    this.#lineStart = at;
    return true;
  }

  /** Reads `[id name="value" …][…]`; the position behind it, or `start` where it is none. */
  #structuredData(start: number, end: number): number {
    let at = start;
    while (at < end && this.#arena.bytes[at] === openBracket) {
      const next = this.#element(at, end);
      if (next < 0) return at;
      at = next;
    }
    return at;
  }

  /** Reads one element of structured data; the position behind it, or -1 where it breaks. */
  #element(start: number, end: number): number {
    const arena = this.#arena;
    const { bytes } = arena;
    const idStart = start + 1;
    let at = idStart;
    while (at < end && bytes[at] !== space && bytes[at] !== closeBracket && bytes[at] !== quote && bytes[at] !== 0x3d) at++;
    const idEnd = at;
    if (at >= end || idEnd === idStart || bytes[at] === quote || bytes[at] === 0x3d) return -1;
    if (bytes[at] === closeBracket) {
      this.#pair(idStart, idEnd - idStart, this.#true.start, this.#true.length);
      return at + 1;
    }
    for (;;) {
      while (at < end && arena.bytes[at] === space) at++;
      if (arena.bytes[at] === closeBracket && at < end) return at + 1;
      const nameStart = at;
      while (at < end && arena.bytes[at] !== 0x3d && arena.bytes[at] !== space && arena.bytes[at] !== closeBracket && arena.bytes[at] !== quote) at++;
      const nameEnd = at;
      if (nameEnd === nameStart || at + 1 >= end || arena.bytes[at] !== 0x3d || arena.bytes[at + 1] !== quote) return -1;
      const valueStart = at + 2;
      const valueEnd = quoteEnd(arena.bytes, valueStart, end);
      if (valueEnd < 0) return -1;
      this.#parameter(idStart, idEnd, nameStart, nameEnd, valueStart, valueEnd);
      at = valueEnd + 1;
    }
  }

  #parameter(idStart: number, idEnd: number, nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const arena = this.#arena;
    // Nothing is joined any more that nobody would take: a long id before many parameters would make much of little.
    if (this.#isWhole) return;
    this.#unescape(valueStart, valueEnd);
    const length = this.#valueLength;
    if (length === 0) return;
    const nameLength = idEnd - idStart + 1 + nameEnd - nameStart;
    if (this.#pairBytes + nameLength + length > this.#limits.pairBytesMax) {
      this.#isWhole = true;
      return;
    }
    arena.reserve(nameLength);
    const start = arena.used;
    arena.bytes.copyWithin(start, idStart, idEnd);
    arena.bytes[start + idEnd - idStart] = 0x2e;
    arena.bytes.copyWithin(start + idEnd - idStart + 1, nameStart, nameEnd);
    if (this.#rules.parameters.size > 0) {
      const slot = this.#rules.parameters.get(arena.bytes.toString('utf8', start, start + nameLength));
      if (slot !== undefined && length <= this.#limits.labelBytesMax) {
        this.#rows.setSlot(slot, this.#valueStart, length);
        return;
      }
    }
    arena.used = start + nameLength;
    this.#pair(start, nameLength, this.#valueStart, length);
  }

  /** Sets #valueStart and #valueLength to a value without the backslashes before `"`, `\` and `]`. */
  #unescape(start: number, end: number): void {
    const arena = this.#arena;
    let at = start;
    while (at < end && arena.bytes[at] !== backslash) at++;
    this.#valueStart = start;
    this.#valueLength = end - start;
    if (at === end) return;
    arena.reserve(end - start);
    const { bytes } = arena;
    const to = arena.used;
    let write = to;
    for (let read = start; read < end; read++) {
      const next = bytes[read + 1];
      if (bytes[read] === backslash && read + 1 < end && (next === quote || next === backslash || next === closeBracket)) read++;
      bytes[write++] = bytes[read]!;
    }
    arena.used = write;
    this.#valueStart = to;
    this.#valueLength = write - to;
  }

  /** Reads what follows the priority of RFC 3164, as far as it can be made out. */
  #rfc3164(start: number, end: number, nowMs: number, hasPriority: boolean): void {
    const { bytes } = this.#arena;
    let at = this.#sequence(start, end);
    const first = at;
    if (bytes[at] === 0x2a || bytes[at] === 0x2e) at++;
    const isoEnd = this.#wordEnd(at, end);
    let timeEnd = this.#bsd.read(bytes, at, end, nowMs);
    if (timeEnd > 0) this.#setTime(this.#bsd);
    else if (isoEnd - at >= 19 && this.#time.readIso(bytes, at, bytes[isoEnd - 1] === colon ? isoEnd - 1 : isoEnd)) {
      this.#setTime(this.#time);
      timeEnd = isoEnd;
    } else {
      // No time: a tag and the message, or just that. Without a priority it is any text.
      if (hasPriority) {
        this.#lineStart = first;
        this.#tag(first, end);
      }
      return;
    }
    if (bytes[timeEnd] === colon && timeEnd < end) timeEnd++;
    at = timeEnd;
    while (at < end && bytes[at] === space) at++;
    this.#lineStart = at;
    if (this.#tag(at, end)) return;
    const hostEnd = this.#wordEnd(at, end);
    if (hostEnd >= end || hostEnd === at) return;
    this.#word(field.host, at, hostEnd);
    this.#lineStart = hostEnd + 1;
    this.#tag(hostEnd + 1, end);
  }

  /** Passes over the sequence number that Cisco's devices send, `29: `. */
  #sequence(start: number, end: number): number {
    const { bytes } = this.#arena;
    let at = start;
    while (at < end && isDigit(bytes[at]!)) at++;
    return at > start && at - start <= 12 && bytes[at] === colon && bytes[at + 1] === space && at + 2 < end ? at + 2 : start;
  }

  /** Reads `app: `, `app[pid]: ` or `app[pid] `; false, and nothing is taken, where there is none. */
  #tag(start: number, end: number): boolean {
    const { bytes } = this.#arena;
    let at = start;
    const stop = Math.min(end, start + tagBytesMax);
    while (at < stop && bytes[at]! > space && bytes[at] !== openBracket && bytes[at] !== colon) at++;
    const appEnd = at;
    if (appEnd === start || at >= end) return false;
    let procStart = 0;
    let procEnd = 0;
    if (bytes[at] === openBracket) {
      procStart = at + 1;
      at = procStart;
      while (at < stop && bytes[at]! > space && bytes[at] !== closeBracket) at++;
      if (at >= end || bytes[at] !== closeBracket) return false;
      procEnd = at++;
    }
    if (bytes[at] === colon && at < end) at++;
    else if (procEnd === 0) return false;
    if (at < end && bytes[at] !== space) return false;
    this.#word(field.app, start, appEnd);
    if (procEnd > procStart) this.#word(field.procId, procStart, procEnd);
    while (at < end && bytes[at] === space) at++;
    this.#lineStart = at;
    return true;
  }

  #setTime({ seconds, nanos }: { readonly seconds: number; readonly nanos: number }): void {
    this.#hasTime = true;
    if (seconds >= 0) this.#rows.rows.setTime(seconds, nanos);
    else this.#rows.rows.setTimeNs(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
  }

  /** The end of the word at `at`: the next blank, or `end`. */
  #wordEnd(from: number, end: number): number {
    const { bytes } = this.#arena;
    let at = from;
    while (at < end && bytes[at] !== space) at++;
    return Math.min(at, end);
  }

  #word(which: number, start: number, end: number): void {
    if (end > start && !(end === start + 1 && this.#arena.bytes[start] === dash)) this.#field(which, start, end - start);
  }

  #constant(which: number, value: Text): void {
    this.#field(which, value.start, value.length);
  }

  #field(which: number, start: number, length: number): void {
    if (which === field.host) this.#hasHost = true;
    const slot = this.#rules.slots[which]!;
    const name = this.#names[which]!;
    if (slot >= 0 && length <= this.#limits.labelBytesMax) this.#rows.setSlot(slot, start, length);
    else this.#pair(name.start, name.length, start, length);
  }

  #pair(nameStart: number, nameLength: number, start: number, length: number): void {
    if (this.#isWhole) return;
    this.#pairBytes += nameLength + length;
    if (++this.#pairs > this.#limits.pairsMax || this.#pairBytes > this.#limits.pairBytesMax) this.#isWhole = true;
    else this.#rows.rows.addPair(nameStart, nameLength, start, length);
  }
}

/** A text by its place in the arena. */
export interface Text {
  readonly start: number;
  readonly length: number;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function number(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + bytes[at]! - 0x30;
  return value;
}

/** Where the quote that ends a value stands; -1 where none does. */
function quoteEnd(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (bytes[at] === quote) return at;
    if (bytes[at] === backslash) at++;
  }
  return -1;
}
