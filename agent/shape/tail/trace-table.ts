import type { TraceKey } from './trace-key.ts';

const capacityMin = 1024;

/**
 * A set of trace keys in typed arrays, no object per trace: a hash table with open addressing over entries that are also chained from the oldest to the youngest. What else is known of a trace
 * stands in columns of the owner, by entry number.
 */
export class TraceTable {
  /** Four words per entry. */
  keys: TraceKey = new Uint32Array(4 * capacityMin);
  #next = new Int32Array(capacityMin);
  #prev = new Int32Array(capacityMin);
  /** Entry plus 1 by hash; 0 is none. */
  #slots = new Int32Array(2 * capacityMin);
  #oldest = -1;
  #youngest = -1;
  /** Entries given back, chained by #next. */
  #free = -1;
  #used = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The first entry in order of age; -1 where there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Entry numbers are below this. */
  get capacity(): number {
    return this.#next.length;
  }

  /** Bytes of memory that the table occupies. */
  get memoryBytes(): number {
    return this.keys.byteLength + this.#next.byteLength + this.#prev.byteLength + this.#slots.byteLength;
  }

  /** The entry of a key; -1 where there is none. */
  find(key: TraceKey, at = 0): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hashOf(key, at) & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1;
      if (entry < 0) return -1;
      if (this.#equals(entry, key, at)) return entry;
    }
  }

  /** Adds a key that is not there, as the youngest; its entry. `capacity` may have grown. */
  add(key: TraceKey, at = 0): number {
    let entry = this.#free;
    if (entry >= 0) {
      this.#free = this.#next[entry]!;
    } else {
      if (this.#used === this.#next.length) this.#grow();
      entry = this.#used++;
    }
    const own = entry * 4;
    for (let word = 0; word < 4; word++) this.keys[own + word] = key[at + word]!;
    this.#place(entry);
    this.#append(entry);
    this.#size++;
    return entry;
  }

  /** Takes an entry out; its number may be given away again. */
  remove(entry: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = hashOf(this.keys, entry * 4) & mask;
    while (slots[hole] !== entry + 1) hole = (hole + 1) & mask;
    // Entries behind the hole that would no longer be found move into it.
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = hashOf(this.keys, (slots[slot]! - 1) * 4) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot]!;
      hole = slot;
    }
    slots[hole] = 0;
    this.#unlink(entry);
    this.#next[entry] = this.#free;
    this.#free = entry;
    this.#size--;
  }

  /** Makes an entry the youngest. */
  touch(entry: number): void {
    if (entry === this.#youngest) return;
    this.#unlink(entry);
    this.#append(entry);
  }

  #equals(entry: number, key: TraceKey, at: number): boolean {
    const keys = this.keys;
    const own = entry * 4;
    return keys[own + 3] === key[at + 3] && keys[own + 2] === key[at + 2] && keys[own + 1] === key[at + 1] && keys[own] === key[at];
  }

  #append(entry: number): void {
    this.#prev[entry] = this.#youngest;
    this.#next[entry] = -1;
    if (this.#youngest >= 0) this.#next[this.#youngest] = entry;
    else this.#oldest = entry;
    this.#youngest = entry;
  }

  #unlink(entry: number): void {
    const next = this.#next[entry]!;
    const prev = this.#prev[entry]!;
    if (prev >= 0) this.#next[prev] = next;
    else this.#oldest = next;
    if (next >= 0) this.#prev[next] = prev;
    else this.#youngest = prev;
  }

  #place(entry: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashOf(this.keys, entry * 4) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = entry + 1;
  }

  #grow(): void {
    const capacity = this.#next.length * 2;
    const keys = new Uint32Array(4 * capacity);
    keys.set(this.keys);
    this.keys = keys;
    this.#next = grown(this.#next, capacity);
    this.#prev = grown(this.#prev, capacity);
    this.#slots = new Int32Array(2 * capacity);
    for (let entry = this.#oldest; entry >= 0; entry = this.#next[entry]!) this.#place(entry);
  }
}

function grown(column: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const result = new Int32Array(length);
  result.set(column);
  return result;
}

function hashOf(key: TraceKey, at: number): number {
  let hash = key[at + 3]! ^ Math.imul(key[at + 2]!, 0x85ebca6b) ^ Math.imul(key[at + 1]!, 0xc2b2ae35) ^ Math.imul(key[at]!, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return hash ^ (hash >>> 15);
}
