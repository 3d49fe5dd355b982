import type { PushOptions, PushOutcome } from '../../src/distributor/mod.ts';
import { defaultLimits, errorCodes, SpoorError, systemClock, type ErrorCode } from '../../src/model/mod.ts';
import type { RawBatch } from '../../src/protocols/mod.ts';
import type { PushTarget, SyslogLog, SyslogMetrics } from '../../src/syslog/mod.ts';
import { plainRows, type PlainRow } from '../protocols/plain-rows.ts';

/** Decides about a push: null takes it, a list names the lines that are refused and why, an error refuses it as a whole. */
export type Decide = (lines: readonly string[], push: number) => null | { readonly lines: ReadonlySet<string>; readonly reason: 'stream_limit' | 'line_too_long' | 'rate_limited' } | ErrorCode;

/** A store in memory that refuses what it is told to. */
export class MemoryStore implements PushTarget {
  readonly rows: PlainRow[] = [];
  readonly tenants = new Set<string>();
  pushes = 0;
  decide: Decide = () => null;

  async push(tenant: string, raw: RawBatch, options: PushOptions = {}): Promise<PushOutcome> {
    await new Promise<void>((resolve) => { setImmediate(resolve); });
    const rows = plainRows(raw);
    const decision = this.decide(rows.map(({ line }) => line), this.pushes++);
    this.tenants.add(tenant);
    if (typeof decision === 'string') throw new SpoorError(decision);
    if (decision === null) {
      this.rows.push(...rows);
      return { status: 204, refusal: null, retryAfterSeconds: null, stored: rows.length, refused: 0 };
    }
    const { reason } = decision;
    const refused = rows.flatMap(({ line }, row) => (reason === 'rate_limited' || decision.lines.has(line) ? [row] : []));
    for (const row of refused) options.onRefused?.({ firstRow: row, rows: 1, reason, error: () => new SpoorError(reason) });
    this.rows.push(...rows.filter((_, row) => !refused.includes(row)));
    const refusal = refused.length === 0 ? null : new SpoorError(reason);
    return { status: refusal === null ? 204 : errorCodes[reason].status, refusal, retryAfterSeconds: null, stored: rows.length - refused.length, refused: refused.length };
  }

  get lines(): readonly string[] {
    return this.rows.map(({ line }) => line);
  }
}

/** Counts what listeners say, by name. */
export class Counts implements SyslogMetrics {
  readonly all = new Map<string, number>();

  #add(name: string, by = 1): void {
    this.all.set(name, (this.all.get(name) ?? 0) + by);
  }
  of(name: string): number {
    return this.all.get(name) ?? 0;
  }
  batch(status: number): void {
    this.#add(`batch ${status}`);
  }
  received(transport: string, bytes: number): void {
    this.#add(`received ${transport}`, bytes);
  }
  dropped(transport: string, reason: string, messages: number): void {
    this.#add(`dropped ${transport} ${reason}`, messages);
  }
  cut(transport: string): void {
    this.#add(`cut ${transport}`);
  }
  turnedAway(transport: string): void {
    this.#add(`turned away ${transport}`);
  }
  refused(reason: string): void {
    this.#add(`refused ${reason}`);
  }
  connections(transport: string, change: number): void {
    this.#add(`connections ${transport}`, change);
  }
}

export class Log implements SyslogLog {
  readonly lines: string[] = [];
  info(_details: object, message: string): void {
    this.lines.push(message);
  }
  warn(_details: object, message: string): void {
    this.lines.push(message);
  }
}

export function partsOf(store: MemoryStore) {
  return { target: store, limits: { forTenant: () => defaultLimits }, clock: systemClock, metrics: new Counts(), log: new Log() };
}

/** Waits until something holds. */
export async function until(holds: () => boolean, what: () => unknown = () => ''): Promise<void> {
  for (let attempt = 0; attempt < 3000; attempt++) {
    if (holds()) return;
    await new Promise<void>((resolve) => { setTimeout(resolve, 10); });
  }
  throw new Error(`it did not come: ${JSON.stringify(what())}`);
}
