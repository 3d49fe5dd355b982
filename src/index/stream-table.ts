import { labelSet, type Label, type LabelSet } from '../model/mod.ts';

/** A label pair while an index is made. */
export interface Pair {
  readonly label: Label;
  /** Streams that have it. */
  streams: number;
}

/** The distinct streams of an index that is made, as numbers of pairs in one array: a merged index has millions, too many for an object each. */
export class StreamTable {
  /** Distinct pairs; after `sort` by name and value. */
  pairs: Pair[] = [];
  labelsMax = 0;
  readonly #byName = new Map<string, Map<string, number>>();
  readonly #byObject = new Map<LabelSet, number>();
  /** Pairs of stream s from #starts[s] to #starts[s + 1]. */
  #members = new Uint32Array(1024);
  #starts = new Uint32Array(256);
  #streams = 0;
  /** Open hashing: 0 is free, else a stream's number and one. */
  #slots = new Uint32Array(512);

  get streams(): number {
    return this.#streams;
  }

  /** The number of a stream; a new one if its label set is new. */
  add(labels: LabelSet): number {
    const known = this.#byObject.get(labels);
    if (known !== undefined) return known;
    const stream = this.#intern(wellFormed(labels));
    this.#byObject.set(labels, stream);
    return stream;
  }

  /** Numbers of the pairs of a stream, by name. A view. */
  pairsOf(stream: number): Uint32Array {
    return this.#members.subarray(this.#starts[stream], this.#starts[stream + 1]);
  }

  /** Sorts and renumbers the pairs, and returns the streams in the order of their label sets, compared pair by pair. Nothing may be added afterwards. */
  sort(): Uint32Array {
    const order = Array.from(this.pairs, (_, i) => i);
    order.sort((a, b) => comparePairs(this.pairs[a]?.label, this.pairs[b]?.label));
    const ranks = new Uint32Array(order.length);
    for (const [rank, pair] of order.entries()) ranks[pair] = rank;
    const members = this.#members;
    const end = this.#starts[this.#streams] ?? 0;
    for (let i = 0; i < end; i++) members[i] = ranks[members[i] ?? 0] ?? 0;
    const before = this.pairs;
    this.pairs = order.flatMap((pair) => before[pair] ?? []);
    const starts = this.#starts;
    return Uint32Array.from({ length: this.#streams }, (_, i) => i).sort((a, b) => {
      let i = starts[a] ?? 0;
      let j = starts[b] ?? 0;
      const endA = starts[a + 1] ?? 0;
      const endB = starts[b + 1] ?? 0;
      while (i < endA && j < endB && members[i] === members[j]) {
        i++;
        j++;
      }
      if (i === endA || j === endB) return i === endA && j === endB ? 0 : i === endA ? -1 : 1;
      return (members[i] ?? 0) - (members[j] ?? 0);
    });
  }

  #intern(labels: LabelSet): number {
    const start = this.#starts[this.#streams] ?? 0;
    this.#room(start + labels.length);
    let end = start;
    for (const label of labels) this.#members[end++] = this.#pair(label);
    const mask = this.#slots.length - 1;
    let slot = hashOf(this.#members.subarray(start, end)) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const stream = (this.#slots[slot] ?? 0) - 1;
      if (stream < 0) break;
      if (this.#equals(stream, start, end)) return stream;
    }
    const stream = this.#streams++;
    this.#slots[slot] = stream + 1;
    this.#starts[this.#streams] = end;
    this.labelsMax = Math.max(this.labelsMax, labels.length);
    for (const pair of this.pairsOf(stream)) {
      const entry = this.pairs[pair];
      if (entry !== undefined) entry.streams++;
    }
    if (this.#streams * 2 > this.#slots.length) this.#rehash();
    return stream;
  }

  #equals(stream: number, start: number, end: number): boolean {
    const from = this.#starts[stream] ?? 0;
    if ((this.#starts[stream + 1] ?? 0) - from !== end - start) return false;
    for (let i = 0; i < end - start; i++) if (this.#members[from + i] !== this.#members[start + i]) return false;
    return true;
  }

  #pair({ name, value }: Label): number {
    let values = this.#byName.get(name);
    if (values === undefined) this.#byName.set(name, (values = new Map()));
    let pair = values.get(value);
    if (pair === undefined) {
      pair = this.pairs.length;
      values.set(value, pair);
      this.pairs.push({ label: { name, value }, streams: 0 });
    }
    return pair;
  }

  #room(members: number): void {
    if (members > this.#members.length) this.#members = grown(this.#members, members);
    if (this.#streams + 2 > this.#starts.length) this.#starts = grown(this.#starts, this.#streams + 2);
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let stream = 0; stream < this.#streams; stream++) {
      let slot = hashOf(this.pairsOf(stream)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = stream + 1;
    }
  }
}

function hashOf(pairs: Uint32Array): number {
  let hash = pairs.length;
  for (const pair of pairs) {
    hash = Math.imul(hash ^ pair, 0x9e37_79b1);
    hash ^= hash >>> 15;
  }
  return hash;
}

function grown(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}

/** By name, then by value. */
function comparePairs(a: Label | undefined, b: Label | undefined): number {
  if (a === undefined || b === undefined) return 0;
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  if (a.value === b.value) return 0;
  return a.value < b.value ? -1 : 1;
}

/** Label sets with texts that UTF-8 can hold; half surrogate pairs become U+FFFD, as they do when they are written. */
function wellFormed(labels: LabelSet): LabelSet {
  const fine = labels.every((label, i) => label.value !== '' && label.name.isWellFormed() && label.value.isWellFormed() && (i === 0 || (labels[i - 1]?.name ?? '') < label.name));
  return fine ? labels : labelSet(labels.map((label) => [label.name.toWellFormed(), label.value.toWellFormed()]));
}
