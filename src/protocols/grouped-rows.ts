import { labelSet, SpoorError, type Label } from '../model/mod.ts';
import { RawBatchBuilder, type RawBatch, type RawStream } from './batch.ts';
import type { PushBodyLimits } from './limits.ts';
import { LabelCache } from './loki/label-cache.ts';

const cache = new LabelCache();
const fnvOffset = 0x811c9dc5;
const fnvPrime = 0x01000193;

/** A batch and where its entries went. */
export interface Grouped {
  readonly batch: RawBatch;
  /** Row in the batch of each entry, in the order in which they were added; null where that is the same. */
  readonly rowOf: Uint32Array | null;
}

/**
 * Collects entries whose labels are values found in them, and brings those of one label set together: one stream for each set, however they were mixed. The labels of
 * an entry are given as places in the bytes (`slot`); texts are made once for each set.
 *
 * The columns are those of `rows`: add an entry there, then call `endRow`.
 */
export class GroupedRows {
  readonly rows: RawBatchBuilder;
  readonly #limits: PushBodyLimits;
  /** Names of the labels, one a slot. */
  readonly #names: readonly string[];
  /** Start and length of the value of each slot, for the entry at hand; length 0 for none. */
  readonly #slots: Uint32Array;
  /** The same of each label set, one set after another. */
  #setSlots: Uint32Array;
  #sets = 0;
  readonly #byHash = new Map<number, number>();
  /** The set that has the same hash and was there before, or -1. */
  readonly #sameHash: number[] = [];
  /** Label set of each row. */
  #setOf: Uint32Array;
  #last = -1;
  /** How often the set changed from one row to the next. */
  #runs = 0;

  constructor(names: readonly string[], limits: PushBodyLimits, rowsExpected: number) {
    this.#names = names;
    this.#limits = limits;
    this.rows = new RawBatchBuilder(limits, rowsExpected);
    this.#slots = new Uint32Array(names.length * 2);
    this.#setSlots = new Uint32Array(names.length * 2 * 4);
    this.#setOf = new Uint32Array(Math.max(16, Math.min(rowsExpected, 65_536)));
  }

  /** Forgets the labels of the entry at hand. */
  clearSlots(): void {
    this.#slots.fill(0);
  }

  /** Sets the label of a slot. */
  setSlot(slot: number, start: number, length: number): void {
    this.#slots[slot * 2] = start;
    this.#slots[slot * 2 + 1] = length;
  }

  slotStart(slot: number): number {
    return this.#slots[slot * 2]!;
  }

  slotLength(slot: number): number {
    return this.#slots[slot * 2 + 1]!;
  }

  /** Ends the entry that was added last: it belongs to the stream of the slots. `bytes` is what all places point into. */
  endRow(bytes: Buffer): void {
    const row = this.rows.rows - 1;
    if (row >= this.#setOf.length) {
      const larger = new Uint32Array(this.#setOf.length * 2);
      larger.set(this.#setOf);
      this.#setOf = larger;
    }
    const last = this.#last;
    const set = last >= 0 && this.#isSet(last, bytes) ? last : this.#findSet(bytes);
    if (set !== last) {
      this.#last = set;
      this.#runs++;
    }
    this.#setOf[row] = set;
  }

  /** Whether the slots at hand hold what those of the set do. */
  #isSet(set: number, bytes: Buffer): boolean {
    const slots = this.#slots;
    const known = this.#setSlots;
    const base = set * slots.length;
    for (let i = 0; i < slots.length; i += 2) {
      const length = slots[i + 1]!;
      if (known[base + i + 1] !== length) return false;
      let a = slots[i]!;
      let b = known[base + i]!;
      if (a === b) continue;
      for (const end = a + length; a < end; a++, b++) if (bytes[a] !== bytes[b]) return false;
    }
    return true;
  }

  #findSet(bytes: Buffer): number {
    const slots = this.#slots;
    let hash = fnvOffset;
    for (let i = 0; i < slots.length; i += 2) {
      const end = slots[i]! + slots[i + 1]!;
      for (let at = slots[i]!; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, fnvPrime);
      hash = Math.imul(hash ^ 0x100, fnvPrime);
    }
    const first = this.#byHash.get(hash) ?? -1;
    for (let set = first; set >= 0; set = this.#sameHash[set]!) if (this.#isSet(set, bytes)) return set;
    if (this.#sets >= this.#limits.streamsMax) throw new SpoorError('push_too_many', { limit: this.#limits.streamsMax, what: 'streams', name: 'push.streams_max' });
    const set = this.#sets++;
    if ((set + 1) * slots.length > this.#setSlots.length) {
      const larger = new Uint32Array(Math.max(this.#setSlots.length * 2, (set + 1) * slots.length));
      larger.set(this.#setSlots);
      this.#setSlots = larger;
    }
    this.#setSlots.set(slots, set * slots.length);
    this.#sameHash.push(first);
    this.#byHash.set(hash, set);
    return set;
  }

  /** The labels of a set: one array for equal ones, from push to push. */
  #labels(set: number, bytes: Buffer): readonly Label[] {
    const pairs: [string, string][] = [];
    let text = '';
    for (const [slot, name] of this.#names.entries()) {
      const at = (set * this.#names.length + slot) * 2;
      const start = this.#setSlots[at]!;
      const length = this.#setSlots[at + 1]!;
      if (length === 0) continue;
      const value = bytes.toString('utf8', start, start + length);
      pairs.push([name, value]);
      text += `${name}\0${value}\0`;
    }
    const known = cache.get(text);
    if (known !== undefined) return known;
    const labels = labelSet(pairs);
    cache.set(text, labels);
    return labels;
  }

  /** The batch; `bytes` is what all places point into. */
  finish(bytes: Buffer): Grouped {
    const flat = this.rows.finish(bytes, '');
    const labels = Array.from({ length: this.#sets }, (_, set) => this.#labels(set, bytes));
    if (this.#runs === this.#sets) {
      const streams: RawStream[] = [];
      for (let firstRow = 0, row = 1; row <= flat.rows; row++) {
        if (row < flat.rows && this.#setOf[row] === this.#setOf[firstRow]) continue;
        streams.push({ labels: labels[this.#setOf[firstRow]!]!, firstRow, rows: row - firstRow });
        firstRow = row;
      }
      return { batch: { ...flat, streams }, rowOf: null };
    }
    return this.#sorted(flat, labels);
  }

  /** The rows in the order of their sets, otherwise as they came. */
  #sorted(flat: RawBatch, labels: readonly (readonly Label[])[]): Grouped {
    const counts = new Uint32Array(this.#sets);
    for (let row = 0; row < flat.rows; row++) counts[this.#setOf[row]!]!++;
    const next = new Uint32Array(this.#sets);
    const streams: RawStream[] = [];
    for (let set = 0, firstRow = 0; set < this.#sets; set++) {
      const rows = counts[set]!;
      next[set] = firstRow;
      // Rows that were taken back leave sets without any.
      if (rows > 0) streams.push({ labels: labels[set]!, firstRow, rows });
      firstRow += rows;
    }
    const rowOf = new Uint32Array(flat.rows);
    const order = new Uint32Array(flat.rows);
    for (let row = 0; row < flat.rows; row++) {
      const to = next[this.#setOf[row]!]!++;
      rowOf[row] = to;
      order[to] = row;
    }
    const batch = permuted(flat, order, streams);
    flat.release();
    return { batch, rowOf };
  }
}

/** Columns that rows are sorted into. */
interface Columns {
  readonly time: BigInt64Array;
  readonly lineStart: Uint32Array;
  readonly lineLength: Uint32Array;
  readonly pairStart: Uint32Array;
  readonly pairs: Uint32Array;
}

/** Columns that were released; larger ones are left to the garbage collector. */
const spare: Columns[] = [];
const spareMax = 4;
const spareRowsMax = 65_536;
const sparePairsMax = 262_144;

function takeColumns(rows: number, pairs: number): Columns {
  const at = spare.findIndex((columns) => columns.lineStart.length >= rows && columns.pairs.length >= pairs * 4);
  if (at >= 0) return spare.splice(at, 1)[0]!;
  const capacity = Math.ceil(rows * 1.25);
  return { time: new BigInt64Array(capacity), lineStart: new Uint32Array(capacity), lineLength: new Uint32Array(capacity), pairStart: new Uint32Array(capacity + 1), pairs: new Uint32Array(Math.ceil(pairs * 1.25) * 4) };
}

function giveColumns(columns: Columns): void {
  if (columns.lineStart.length > spareRowsMax || columns.pairs.length > sparePairsMax * 4) return;
  if (spare.length >= spareMax) spare.shift();
  spare.push(columns);
}

/** The batch with row order[i] at place i. */
function permuted(flat: RawBatch, order: Uint32Array, streams: readonly RawStream[]): RawBatch {
  const { rows } = flat;
  const columns = takeColumns(rows, flat.pairs.length / 4);
  const { lineStart, lineLength, pairStart, pairs } = columns;
  const words = new Uint32Array(columns.time.buffer);
  const flatWords = new Uint32Array(flat.timeNs.buffer, flat.timeNs.byteOffset, rows * 2);
  let pair = 0;
  pairStart[0] = 0;
  for (let to = 0; to < rows; to++) {
    const row = order[to]!;
    words[to * 2] = flatWords[row * 2]!;
    words[to * 2 + 1] = flatWords[row * 2 + 1]!;
    lineStart[to] = flat.lineStart[row]!;
    lineLength[to] = flat.lineLength[row]!;
    const from = flat.pairStart[row]! * 4;
    const end = flat.pairStart[row + 1]! * 4;
    for (let at = from; at < end; at++) pairs[pair++] = flat.pairs[at]!;
    pairStart[to + 1] = pair / 4;
  }
  let released = false;
  return {
    ...flat,
    streams,
    timeNs: columns.time.subarray(0, rows),
    lineStart: lineStart.subarray(0, rows),
    lineLength: lineLength.subarray(0, rows),
    pairStart: pairStart.subarray(0, rows + 1),
    pairs: pairs.subarray(0, pair),
    release: () => {
      if (released) return;
      released = true;
      giveColumns(columns);
    },
  };
}
