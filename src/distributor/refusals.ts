import { errorText, SpoorError, type ErrorDetails } from '../model/mod.ts';
import type { IngestProtocol, PushMetrics, PushOptions } from './ports.ts';
import type { RefusalReason } from './reasons.ts';

/** Different texts that an answer names; further ones are only counted. */
const textsMax = 32;
/** Refusals of a push that are worded; wording costs more than refusing. */
const wordedMax = 20_000;
/** Length of the answer's text. */
const answerMax = 64 * 1024;

/** A text of the answer. */
interface Named {
  count: number;
  readonly reason: RefusalReason;
  readonly details: ErrorDetails;
}

/** What was refused of one push, grouped by text as Loki does: one error as itself, several as `N errors like: …; M errors like: …`. */
export class Refusals {
  readonly #tenant: string;
  readonly #metrics: PushMetrics;
  readonly #protocol: IngestProtocol;
  readonly #onRefused: PushOptions['onRefused'];
  readonly #texts = new Map<string, Named>();
  /** The one that was named last. */
  #last: Named | undefined;
  readonly #counts = new Map<RefusalReason, { entries: number; bytes: number }>();
  #worded = 0;
  #unnamed = 0;

  constructor(tenant: string, metrics: PushMetrics, { protocol = 'loki', onRefused }: Pick<PushOptions, 'protocol' | 'onRefused'> = {}) {
    this.#tenant = tenant;
    this.#metrics = metrics;
    this.#protocol = protocol;
    this.#onRefused = onRefused;
  }

  /** Entries refused so far. */
  get entries(): number {
    let total = 0;
    for (const count of this.#counts.values()) total += count.entries;
    return total;
  }

  /** Whether anything was refused that the client has to hear of. */
  get any(): boolean {
    return this.#texts.size > 0;
  }

  /** Refuses `entries` from `firstRow` on, for one reason that the answer names. */
  add(reason: RefusalReason, details: ErrorDetails, entries: number, bytes: number, firstRow: number): void {
    this.count(reason, entries, bytes);
    this.rows(reason, details, firstRow, entries);
    // Of many entries that are refused for one reason most have the text of the one before, and wording it costs more than comparing.
    if (this.#last !== undefined && this.#last.reason === reason && isSame(this.#last.details, details)) {
      this.#last.count++;
      return;
    }
    if (this.#worded++ >= wordedMax) {
      this.#unnamed++;
      return;
    }
    const text = errorText(reason, details);
    const known = this.#texts.get(text);
    if (known !== undefined) {
      known.count++;
      this.#last = known;
    } else if (this.#texts.size < textsMax) {
      this.#last = { count: 1, reason, details };
      this.#texts.set(text, this.#last);
    } else this.#unnamed++;
  }

  /** Counts refused entries without naming them. */
  count(reason: RefusalReason, entries: number, bytes: number): void {
    const count = this.#counts.get(reason);
    if (count === undefined) this.#counts.set(reason, { entries, bytes });
    else {
      count.entries += entries;
      count.bytes += bytes;
    }
  }

  /** Says which entries are refused, to whoever wants to know. */
  rows(reason: RefusalReason, details: ErrorDetails, firstRow: number, rows: number): void {
    this.#onRefused?.({ firstRow, rows, reason, error: () => new SpoorError(reason, details) });
  }

  /** Hands the counts to the metrics. */
  report(): void {
    for (const [reason, count] of this.#counts) this.#metrics.counted(this.#tenant, this.#protocol, reason, count.entries, count.bytes);
  }

  /** The error of the answer; undefined where nothing was refused. */
  error(): SpoorError | undefined {
    const groups = [...this.#texts];
    const [first] = groups;
    if (first === undefined) return undefined;
    if (groups.length === 1 && first[1].count === 1) return new SpoorError(first[1].reason, first[1].details);
    let reason = '';
    let unnamed = this.#unnamed;
    for (const [text, group] of groups) {
      if (reason.length + text.length > answerMax && reason !== '') unnamed += group.count;
      else reason += `${reason === '' ? '' : '; '}${group.count} errors like: ${text}`;
    }
    if (unnamed > 0) reason += `; and ${unnamed} more errors`;
    return new SpoorError('push_rejected', { reason });
  }
}

function isSame(a: ErrorDetails, b: ErrorDetails): boolean {
  for (const name in a) if (a[name] !== b[name]) return false;
  return true;
}
