import { isUtf8 } from 'node:buffer';
import { decodeMetadata } from '../../src/bytes/mod.ts';
import { Distributor, type DistributorParts, type PushMetrics, type RefusalReason } from '../../src/distributor/mod.ts';
import { decodeRecord } from '../../src/journal/mod.ts';
import { defaultLimits, formatLabels, labelsObject, ManualClock, type EntryBatch, type Limits } from '../../src/model/mod.ts';
import { decodeLokiPush, type LokiPushRequest, type RawBatch } from '../../src/protocols/mod.ts';

/** An entry as it is read back from a record. */
export interface StoredEntry {
  labels: Record<string, string>;
  timeNs: bigint;
  line: string;
  metadata: Record<string, string>;
  partition: number;
}

/** A distributor over a journal in memory, whose records are decoded where they arrive: what is applied is what could be queried. */
export class Harness {
  readonly records: { partition: number; id: string; data: Uint8Array; batch: EntryBatch }[] = [];
  readonly streams = new Map<string, Set<string>>();
  readonly counted = new Map<RefusalReason, number>();
  readonly clock: ManualClock;
  readonly distributor: Distributor;
  limits: Limits;
  gate: () => void = () => undefined;
  /** Called before an append; may wait or throw. */
  beforeAppend: (partition: number) => Promise<void> | void = () => undefined;
  received = 0;

  constructor(limits: Partial<Limits> = {}, options: { nowNs?: bigint; partitions?: number } = {}) {
    this.limits = { ...defaultLimits, ...limits };
    this.clock = new ManualClock(options.nowNs ?? 1_795_358_000_000_000_000n);
    const metrics: PushMetrics = {
      received: (_tenant, _protocol, entries) => { this.received += entries; },
      counted: (_tenant, _protocol, reason, entries) => { this.counted.set(reason, (this.counted.get(reason) ?? 0) + entries); },
      mutated: () => undefined,
    };
    const parts: DistributorParts = {
      journal: { append: (partition, data, id) => this.#append(partition, data, id) },
      partitions: options.partitions ?? 4,
      applied: { applied: async () => { await Promise.resolve(); } },
      streams: {
        has: (tenant, key) => this.streams.get(tenant)?.has(key) ?? false,
        count: (tenant) => this.streams.get(tenant)?.size ?? 0,
      },
      gate: { check: () => { this.gate(); } },
      limits: { forTenant: () => this.limits },
      clock: this.clock,
      metrics,
    };
    this.distributor = new Distributor(parts);
  }

  async #append(partition: number, data: Uint8Array, id: string) {
    await this.beforeAppend(partition);
    const known = this.records.findIndex((record) => record.partition === partition && record.id === id);
    if (known >= 0) return { position: BigInt(known + 1), duplicate: true };
    const batch = decodeRecord(data, 'test record');
    this.records.push({ partition, id, data, batch });
    const keys = this.streams.get(batch.tenant) ?? new Set();
    this.streams.set(batch.tenant, keys);
    for (const stream of batch.streams) keys.add(formatLabels(stream.labels));
    return { position: BigInt(this.records.length), duplicate: false };
  }

  async push(tenant: string, request: LokiPushRequest) {
    return this.distributor.push(tenant, await decodeLokiPush(request));
  }

  async decode(body: unknown): Promise<RawBatch> {
    return decodeLokiPush({ body: Buffer.from(JSON.stringify(body)), contentType: 'application/json' });
  }

  async pushJson(body: unknown, tenant = 'tenant') {
    return this.push(tenant, { body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), contentType: 'application/json' });
  }

  /** Everything that is stored, in record order. */
  stored(tenant?: string): StoredEntry[] {
    const entries: StoredEntry[] = [];
    for (const { batch, partition } of this.records) if (tenant === undefined || batch.tenant === tenant) entries.push(...entriesOf(batch, partition));
    return entries;
  }
}

/** The entries of a batch as objects. */
export function entriesOf(batch: EntryBatch, partition = 0): StoredEntry[] {
  const entries: StoredEntry[] = [];
  let row = 0;
  for (const stream of batch.streams) {
    for (let i = 0; i < stream.rows; i++, row++) {
      const metadataStart = batch.metadataStart[row]!;
      entries.push({
        labels: labelsObject(stream.labels),
        timeNs: batch.timeNs[row]!,
        line: shownLine(Buffer.from(batch.lines.subarray(batch.lineStart[row], batch.lineStart[row + 1]))),
        metadata: labelsObject(decodeMetadata(batch.metadata, metadataStart, batch.metadataStart[row + 1]! - metadataStart)),
        partition,
      });
    }
  }
  return entries;
}

/** A line as Loki's JSON shows it: a U+FFFD for each byte that is no UTF-8 (a TextDecoder makes one of several). */
function shownLine(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!text.includes('\uFFFD')) return text;
  let shown = '';
  for (let at = 0; at < bytes.length; ) {
    const size = [1, 2, 3, 4].find((length) => at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)));
    shown += size === undefined ? '\uFFFD' : bytes.toString('utf8', at, at + size);
    at += size ?? 1;
  }
  return shown;
}
