import { dayLengthNs, dayLengthNsNumber } from '../../model/mod.ts';

/** The part of a range aggregation that says when it is evaluated. */
export interface WindowSpec {
  readonly rangeNs: bigint;
  readonly startNs: bigint;
  readonly stepNs: bigint;
  readonly steps: number;
}

/**
 * Cuts time into buckets, so that each evaluation window (t - range, t] is a run of whole buckets: a sample is added to one bucket,
 * however many windows it lies in. The cuts are the ends and the starts of the windows. Buckets that lie in every window
 * (the range is longer than all steps together) are one bucket, gaps between windows (the step is longer than the range) are none.
 */
export class WindowLayout {
  /** Number of buckets. */
  readonly buckets: number;
  /** Number of evaluation times. */
  readonly steps: number;
  /** Set by locate: the first time of the same day after the one asked for that lies in another bucket (or gap); may be over the day's end. */
  boundary = 0;

  readonly #step: number;
  readonly #stepNs: bigint;
  /** The nanosecond before the first cell. */
  readonly #baseNs: bigint;
  /** Cells: one per step and (where the range is no multiple of the step) cut in two at `#cut`. */
  readonly #cells: number;
  readonly #cut: number;
  /** Buckets first … last of the uncollapsed numbering are one bucket. */
  readonly #collapseFirst: number;
  readonly #collapseLast: number;
  readonly #stride: number;
  readonly #firstHigh: number;
  /** The last answer of locate: it holds for `#day` and times from `#from` up to `boundary`. */
  #bucket = -1;
  #from = 0;
  #day = Number.NaN;
  #cell0 = 0;
  #rest0 = 0;

  constructor(spec: WindowSpec) {
    this.steps = spec.steps;
    const rangeNs = spec.rangeNs;
    // One evaluation: the window is the only bucket.
    const stepNs = spec.steps <= 1 || spec.stepNs <= 0n ? rangeNs : spec.stepNs;
    if (spec.steps < 1 || rangeNs <= 0n) {
      this.#step = 1;
      this.#stepNs = 1n;
      this.#baseNs = 0n;
      this.#cells = 0;
      this.#cut = 0;
      this.#collapseFirst = this.#collapseLast = 0;
      this.#stride = 1;
      this.#firstHigh = 0;
      this.buckets = 0;
      return;
    }
    this.#stepNs = stepNs;
    this.#step = Number(stepNs);
    const whole = rangeNs / stepNs;
    const rest = rangeNs - whole * stepNs;
    const q = Number(whole);
    if (rest === 0n) {
      this.#baseNs = spec.startNs - rangeNs;
      this.#cells = spec.steps + q - 1;
      this.#cut = 0;
      this.#stride = 1;
      this.#firstHigh = q - 1;
      this.#collapseFirst = spec.steps - 1;
    } else {
      this.#baseNs = spec.startNs - (whole + 1n) * stepNs;
      this.#cells = spec.steps + q;
      this.#cut = Number(stepNs - rest);
      this.#stride = 2;
      this.#firstHigh = 2 * q + 1;
      this.#collapseFirst = 2 * spec.steps - 1;
    }
    this.#collapseLast = Math.max(this.#collapseFirst, this.#firstHigh);
    this.buckets = this.#cells * this.#stride - (this.#collapseLast - this.#collapseFirst);
  }

  /** First bucket of evaluation `step`. */
  low(step: number): number {
    return this.#stride === 1 ? step : 2 * step + 1;
  }

  /** Last bucket of evaluation `step`. */
  high(step: number): number {
    return this.#collapse(this.#stride * step + this.#firstHigh);
  }

  #collapse(bucket: number): number {
    if (bucket <= this.#collapseFirst) return bucket;
    return bucket <= this.#collapseLast ? this.#collapseFirst : bucket - (this.#collapseLast - this.#collapseFirst);
  }

  /** The bucket of nanosecond `time` of UTC day `day`, or -1 where no window holds it. Also sets `boundary`. */
  locate(day: number, time: number): number {
    if (day === this.#day) {
      if (time >= this.#from && time < this.boundary) return this.#bucket;
    } else this.#enter(day);
    return (this.#bucket = this.#search(time));
  }

  #search(time: number): number {
    const step = this.#step;
    if (this.#cells === 1 && step > Number.MAX_SAFE_INTEGER) {
      // One window of more than 104 days: doubles cannot tell its ends, but a scan brings no rows from outside.
      this.boundary = Number.POSITIVE_INFINITY;
      return 0;
    }
    const offset = this.#rest0 + time;
    let cell = Math.floor(offset / step);
    if (cell * step > offset) cell--;
    const inCell = offset - cell * step;
    this.#from = cell * step - this.#rest0;
    let end = this.#from + step;
    let sub = 0;
    if (this.#stride === 2) {
      const cut = this.#from + this.#cut;
      if (inCell >= this.#cut) {
        sub = 1;
        this.#from = cut;
      } else end = cut;
    }
    this.boundary = end;
    cell += this.#cell0;
    if (cell < 0 || cell >= this.#cells || (cell === 0 && sub === 0 && this.#stride === 2)) return -1;
    const bucket = cell * this.#stride + sub;
    // Where the step is longer than the range, the first part of each cell lies in no window.
    if (this.#firstHigh === 1 && sub === 0 && this.#stride === 2) return -1;
    return this.#collapse(bucket);
  }

  #enter(day: number): void {
    this.#day = day;
    const from = BigInt(day) * dayLengthNs - 1n - this.#baseNs;
    let cell = from / this.#stepNs;
    if (from < 0n && cell * this.#stepNs !== from) cell -= 1n;
    this.#cell0 = Number(cell);
    this.#rest0 = Number(from - cell * this.#stepNs);
  }
}

/** Nanoseconds between two (day, time) pairs as a number; exact up to 104 days. */
export function elapsedNs(fromDay: number, fromTime: number, toDay: number, toTime: number): number {
  return (toDay - fromDay) * dayLengthNsNumber + (toTime - fromTime);
}
