import { dayOf, dayStartNs } from '../../model/mod.ts';
import type { OutputLabels } from '../source.ts';
import { streamOrder } from './stream-order.ts';

/** What a row takes in memory besides its line, about. */
const rowBytes = 200;

/** Rows that may be among those returned, as columns; sorted, made unique and cut from time to time. */
export class Candidates {
  readonly #backward: boolean;
  /** Rows wanted at most; Infinity for all. */
  readonly limit: number;
  /** Whether rows that were different may be equal now, and count once then. */
  readonly #collapse: boolean;
  readonly #labelSets: readonly OutputLabels[];
  readonly #bytesMax: number;
  length = 0;
  /** Bytes of the lines pushed since rows were sorted. */
  unsettledBytes = 0;
  #settledBytes = 0;
  #full = false;
  /** How many of the first ones are sorted, unique and (under a limit) own their lines. */
  #settled = 0;
  day: number[] = [];
  time: number[] = [];
  position: number[] = [];
  index: number[] = [];
  partition: number[] = [];
  /** Index of the row's labels. */
  labels: number[] = [];
  line: Uint8Array[] = [];

  /** `labelSets` is what `labels` of the rows point into. The row whose line reaches `bytesMax` is the last one kept. */
  constructor(backward: boolean, limit: number, collapse: boolean, labelSets: readonly OutputLabels[], bytesMax = Infinity) {
    this.#backward = backward;
    this.#labelSets = labelSets;
    this.limit = limit > 0 ? limit : Infinity;
    this.#bytesMax = bytesMax;
    this.#collapse = collapse;
  }

  push(day: number, time: number, position: number, index: number, partition: number, labels: number, line: Uint8Array): void {
    const i = this.length++;
    this.day[i] = day;
    this.time[i] = time;
    this.position[i] = position;
    this.index[i] = index;
    this.partition[i] = partition;
    this.labels[i] = labels;
    this.line[i] = line;
    this.unsettledBytes += line.length;
  }

  /** Memory that the rows take, about. */
  get heldBytes(): number {
    return this.#settledBytes + this.unsettledBytes + this.length * rowBytes;
  }

  /** Whether there are as many as wanted. */
  get full(): boolean {
    return this.#full;
  }

  /** Whether a row of that time comes too late to be returned. */
  isBeyond(day: number, time: number): boolean {
    if (!this.#full) return false;
    const last = this.#settled - 1;
    const order = day - this.day[last]! || time - this.time[last]!;
    return this.#backward ? order < 0 : order > 0;
  }

  /** The time of the last row where there are as many as wanted. */
  get boundNs(): bigint | null {
    if (!this.#full) return null;
    const last = this.#settled - 1;
    return dayStartNs(this.day[last]!) + BigInt(this.time[last]!);
  }

  /** Sorts, drops repeats, and cuts to the limit. */
  settle(): void {
    if (this.#settled === this.length) return;
    const order = Uint32Array.from({ length: this.length }, (_, i) => i).sort((a, b) => this.#compare(a, b));
    const kept: number[] = [];
    let bytes = 0;
    for (const i of order) {
      if (kept.length >= this.limit || bytes >= this.#bytesMax) break;
      if (this.#collapse && this.#repeats(kept, i)) continue;
      kept.push(i);
      bytes += this.line[i]!.length;
    }
    this.#full = kept.length >= this.limit || bytes >= this.#bytesMax;
    this.unsettledBytes = 0;
    this.#settledBytes = bytes;
    // A few lines must not keep whole pages alive.
    const copyFrom = Number.isFinite(this.limit) || Number.isFinite(this.#bytesMax) ? this.#settled : this.length;
    this.line = kept.map((i) => (i >= copyFrom ? Buffer.from(this.line[i]!) : this.line[i]!));
    this.day = kept.map((i) => this.day[i]!);
    this.time = kept.map((i) => this.time[i]!);
    this.position = kept.map((i) => this.position[i]!);
    this.index = kept.map((i) => this.index[i]!);
    this.partition = kept.map((i) => this.partition[i]!);
    this.labels = kept.map((i) => this.labels[i]!);
    this.length = this.#settled = kept.length;
  }

  #compare(a: number, b: number): number {
    let order = this.day[a]! - this.day[b]! || this.time[a]! - this.time[b]!;
    if (order === 0) {
      const byStream = this.labels[a] === this.labels[b] ? 0 : this.#streamOrder(a) - this.#streamOrder(b);
      if (byStream !== 0) return byStream;
      order = this.position[a]! - this.position[b]! || this.index[a]! - this.index[b]! || this.partition[a]! - this.partition[b]!;
    }
    return this.#backward ? -order : order;
  }

  #streamOrder(row: number): number {
    const { origin, stream } = this.#labelSets[this.labels[row]!]!;
    return streamOrder(origin ?? stream);
  }

  /** Whether a row equal to i (time, labels, line) is among the last of `kept`. */
  #repeats(kept: readonly number[], i: number): boolean {
    for (let k = kept.length - 1; k >= 0; k--) {
      const other = kept[k]!;
      if (this.time[other] !== this.time[i] || this.day[other] !== this.day[i]) return false;
      if (this.labels[other] === this.labels[i] && Buffer.compare(this.line[other]!, this.line[i]!) === 0) return true;
    }
    return false;
  }
}

/** A time in nanoseconds as its UTC day and the nanoseconds in it. */
export function splitTime(timeNs: bigint): { readonly day: number; readonly time: number } {
  const day = dayOf(timeNs);
  return { day, time: Number(timeNs - dayStartNs(day)) };
}
