import { SpoorError, type Label } from '../model/mod.ts';
import type { PushBodyLimits } from './limits.ts';

/**
 * What a push says, as it says it: the one shape that every protocol decodes to, before any check of a tenant's limits. Columns over one
 * buffer; no object per entry. Entry r is line bytes[lineStart[r] … + lineLength[r]) at timeNs[r], with the metadata pairs
 * pairStart[r] … pairStart[r + 1]) - 1 of `pairs`.
 */
export interface RawBatch {
  /** In the order of the push; equal label sets may come more than once. */
  readonly streams: readonly RawStream[];
  /** Number of entries. */
  readonly rows: number;
  /** Everything that the columns point into. */
  readonly bytes: Buffer;
  /** Nanoseconds since the epoch; {@link timeUnset} where the client gave none. */
  readonly timeNs: BigInt64Array;
  readonly lineStart: Uint32Array;
  readonly lineLength: Uint32Array;
  /** rows + 1 indexes of pairs. */
  readonly pairStart: Uint32Array;
  /** Structured metadata, four numbers a pair: start and length of the name, start and length of the value. Names as sent. */
  readonly pairs: Uint32Array;
  /** Value of X-Loki-Backfill-Shard, or '' where the push is none of a backfill. */
  readonly backfillShard: string;
  /** Lets the memory of the columns be used again: nobody may look at them afterwards. Once, or never, which does no harm. */
  release(): void;
}

/** A stream of a push: `rows` entries from `firstRow` on. */
export interface RawStream {
  /** Sorted by name, without empty values. A name may be repeated (label strings allow it); the distributor refuses that. */
  readonly labels: readonly Label[];
  readonly firstRow: number;
  readonly rows: number;
}

/** The time of an entry that has none: 0001-01-01 as Go counts its nanoseconds (wrapped to 64 bits). */
export const timeUnset = -6_795_364_578_871_345_152n;

/** Columns that are being filled. */
interface Columns {
  time: BigInt64Array;
  /** The words of the times: low, high (all machines that Node 24 runs on are little-endian). */
  timeWords: Uint32Array;
  lineStart: Uint32Array;
  lineLength: Uint32Array;
  pairStart: Uint32Array;
  pairs: Uint32Array;
}

/** Columns that were released. */
const spare: Columns[] = [];
const spareMax = 8;
/** Larger ones are left to the garbage collector. */
const spareRowsMax = 65_536;
const sparePairsMax = 131_072;

function newColumns(rows: number): Columns {
  const time = new BigInt64Array(rows);
  return {
    time,
    timeWords: new Uint32Array(time.buffer),
    lineStart: new Uint32Array(rows),
    lineLength: new Uint32Array(rows),
    pairStart: new Uint32Array(rows + 1),
    pairs: new Uint32Array(64),
  };
}

/** Collects the columns of a {@link RawBatch}; they grow by doubling. Counts over the limits throw `push_too_many`. */
export class RawBatchBuilder {
  readonly streams: RawStream[] = [];
  rows = 0;
  pairCount = 0;
  readonly #limits: PushBodyLimits;
  #time: BigInt64Array;
  #timeWords: Uint32Array;
  #lineStart: Uint32Array;
  #lineLength: Uint32Array;
  #pairStart: Uint32Array;
  #pairs: Uint32Array;
  #labelPairs = 0;
  /** The last seconds, and the words of their nanoseconds. */
  #seconds = -1;
  #secondsLow = 0;
  #secondsHigh = 0;

  /** @param rowsExpected first capacity; a guess is enough */
  constructor(limits: PushBodyLimits, rowsExpected: number) {
    this.#limits = limits;
    const { time, timeWords, lineStart, lineLength, pairStart, pairs } = spare.pop() ?? newColumns(Math.max(16, Math.min(rowsExpected, spareRowsMax)));
    this.#time = time;
    this.#timeWords = timeWords;
    this.#lineStart = lineStart;
    this.#lineLength = lineLength;
    this.#pairStart = pairStart;
    this.#pairs = pairs;
    this.#pairStart[0] = 0;
  }

  /** Adds an entry without a time, line or metadata; the setters below fill it in until the next one is added. */
  addRow(): void {
    if (this.rows === this.#lineStart.length) this.#growRows();
    const row = this.rows++;
    this.#lineStart[row] = 0;
    this.#lineLength[row] = 0;
    this.#time[row] = timeUnset;
    this.#pairStart[row + 1] = this.pairCount;
  }

  #growRows(): void {
    if (this.rows >= this.#limits.entriesMax) throw tooMany(this.#limits.entriesMax, 'entries', 'push.entries_max');
    const capacity = Math.min(this.rows * 2, Math.max(this.#limits.entriesMax, 16));
    const time = new BigInt64Array(capacity);
    time.set(this.#time);
    this.#time = time;
    this.#timeWords = new Uint32Array(time.buffer);
    this.#lineStart = grown(this.#lineStart, capacity);
    this.#lineLength = grown(this.#lineLength, capacity);
    this.#pairStart = grown(this.#pairStart, capacity + 1);
  }

  setLine(start: number, length: number): void {
    this.#lineStart[this.rows - 1] = start;
    this.#lineLength[this.rows - 1] = length;
  }

  /** Sets the time to whole seconds since the epoch, from 0 to 9 223 372 035, plus nanoseconds below 10^9, in doubles only. */
  setTime(seconds: number, nanos: number): void {
    if (seconds !== this.#seconds) this.#setSeconds(seconds);
    const low = this.#secondsLow + nanos;
    const at = (this.rows - 1) * 2;
    this.#timeWords[at] = low;
    this.#timeWords[at + 1] = low < 4_294_967_296 ? this.#secondsHigh : this.#secondsHigh + 1;
  }

  /** Works out the words of seconds × 10^9. */
  #setSeconds(seconds: number): void {
    // The product passes 2^53: multiply in pieces of 16 bits.
    const upper = Math.floor(seconds / 65_536) * 1e9;
    const lower = (seconds % 65_536) * 1e9 + (upper % 65_536) * 65_536;
    this.#seconds = seconds;
    this.#secondsLow = lower % 4_294_967_296;
    this.#secondsHigh = Math.floor(upper / 65_536) + Math.floor(lower / 4_294_967_296);
  }

  /** Sets any time. */
  setTimeNs(timeNs: bigint): void {
    this.#time[this.rows - 1] = timeNs;
  }

  /** Sets any time, as the words of its 64 bits. */
  setTimeWords(low: number, high: number): void {
    const at = (this.rows - 1) * 2;
    this.#timeWords[at] = low;
    this.#timeWords[at + 1] = high;
  }

  addPair(nameStart: number, nameLength: number, valueStart: number, valueLength: number): void {
    let at = this.pairCount * 4;
    if (at === this.#pairs.length) {
      if (this.pairCount >= this.#limits.metadataPairsMax) throw tooMany(this.#limits.metadataPairsMax, 'pairs of structured metadata', 'push.metadata_pairs_max');
      this.#pairs = grown(this.#pairs, this.#pairs.length * 2);
    }
    if (this.pairCount - this.#pairStart[this.rows - 1]! >= this.#limits.entryPairsMax) {
      throw tooMany(this.#limits.entryPairsMax, 'pairs of structured metadata in one entry', 'push.entry_pairs_max');
    }
    this.#pairs[at++] = nameStart;
    this.#pairs[at++] = nameLength;
    this.#pairs[at++] = valueStart;
    this.#pairs[at] = valueLength;
    this.#pairStart[this.rows] = ++this.pairCount;
  }

  /** Adds metadata that other entries have too: the first `count` pairs of `pairs`, which are like those of RawBatch. */
  addPairs(pairs: Uint32Array, count: number): void {
    const from = this.pairCount * 4;
    const to = from + count * 4;
    while (to > this.#pairs.length) {
      if (this.#pairs.length >= this.#limits.metadataPairsMax * 4) throw tooMany(this.#limits.metadataPairsMax, 'pairs of structured metadata', 'push.metadata_pairs_max');
      this.#pairs = grown(this.#pairs, this.#pairs.length * 2);
    }
    if (this.pairCount + count - this.#pairStart[this.rows - 1]! > this.#limits.entryPairsMax) {
      throw tooMany(this.#limits.entryPairsMax, 'pairs of structured metadata in one entry', 'push.entry_pairs_max');
    }
    for (let i = 0; i < count * 4; i++) this.#pairs[from + i] = pairs[i]!;
    this.pairCount += count;
    this.#pairStart[this.rows] = this.pairCount;
  }

  /** Forgets the metadata of the entry that is being filled in. */
  dropPairs(): void {
    this.pairCount = this.#pairStart[this.rows - 1]!;
    this.#pairStart[this.rows] = this.pairCount;
  }

  /** Forgets all entries from `row` on. */
  truncate(row: number): void {
    this.rows = row;
    this.pairCount = this.#pairStart[row]!;
  }

  /** Forgets all streams and entries. */
  clear(): void {
    this.streams.length = 0;
    this.#labelPairs = 0;
    this.truncate(0);
  }

  /** Ends a stream that holds the entries from `firstRow` on, up to `endRow` where later ones belong to the next. */
  endStream(labels: readonly Label[], firstRow: number, endRow: number = this.rows): void {
    if (this.streams.length >= this.#limits.streamsMax) throw tooMany(this.#limits.streamsMax, 'streams', 'push.streams_max');
    this.#labelPairs += labels.length;
    if (this.#labelPairs > this.#limits.labelPairsMax) throw tooMany(this.#limits.labelPairsMax, 'label pairs', 'push.label_pairs_max');
    this.streams.push({ labels, firstRow, rows: endRow - firstRow });
  }

  finish(bytes: Buffer, backfillShard: string): RawBatch {
    if (this.rows > this.#limits.entriesMax) throw tooMany(this.#limits.entriesMax, 'entries', 'push.entries_max');
    return {
      streams: this.streams,
      rows: this.rows,
      bytes,
      timeNs: this.#time.subarray(0, this.rows),
      lineStart: this.#lineStart.subarray(0, this.rows),
      lineLength: this.#lineLength.subarray(0, this.rows),
      pairStart: this.#pairStart.subarray(0, this.rows + 1),
      pairs: this.#pairs.subarray(0, this.pairCount * 4),
      backfillShard,
      release: () => this.#release(),
    };
  }

  #release(): void {
    if (spare.length >= spareMax || this.#time.length > spareRowsMax || this.#pairs.length > sparePairsMax * 4) return;
    spare.push({ time: this.#time, timeWords: this.#timeWords, lineStart: this.#lineStart, lineLength: this.#lineLength, pairStart: this.#pairStart, pairs: this.#pairs });
  }
}

function tooMany(limit: number, what: string, name: string): SpoorError {
  return new SpoorError('push_too_many', { limit, what, name });
}

function grown(column: Uint32Array, capacity: number): Uint32Array {
  const larger = new Uint32Array(capacity);
  larger.set(column);
  return larger;
}
