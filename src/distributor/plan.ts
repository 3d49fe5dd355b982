import type { BufferPool } from '../bytes/mod.ts';
import type { RecordBuilder, RecordRoom } from '../journal/mod.ts';
import { formatRfc3339, type ErrorDetails, type Limits } from '../model/mod.ts';
import { timeUnset, type RawBatch } from '../protocols/mod.ts';
import { genericFieldsOf } from './generic-fields.ts';
import { levelFieldsOf } from './level-fields.ts';
import { MetadataNormaliser } from './metadata.ts';
import { PartitionWriter } from './partition-writer.ts';
import type { RefusalReason } from './reasons.ts';
import type { Refusals } from './refusals.ts';
import type { LabelResolver, ResolvedStream } from './resolve-labels.ts';

/** Bytes of lines that are worked on between two yields. */
const yieldBytes = 65_536;
/** What a stream costs beside its entries, in the same measure. */
const streamWork = 512;
/** Times are compared as doubles first, and exactly within this many nanoseconds of a bound. */
const doubtNs = 2048;

/** Lengths of a pair of metadata, and what its name may grow by. */
const pairExtraBytes = 4;

/** What a push is checked against. */
export interface PlanRules {
  readonly tenant: string;
  readonly limits: Limits;
  readonly partitions: number;
  readonly nowNs: bigint;
  readonly resolver: LabelResolver;
  /** The policy that the push names for all its streams, or ''. */
  readonly policy: string;
  readonly refusals: Refusals;
  /** Memory of the records. */
  readonly pool: BufferPool;
  /** Whether a stream may take entries; asked once for each stream that has any. */
  admit(stream: ResolvedStream): boolean;
  /** Whether a stream's own rate allows so many bytes now. */
  allow(stream: ResolvedStream, bytes: number): boolean;
  /** Lines that were cut. */
  cut(entries: number, bytes: number): void;
}

/** What is left of a push after the checks. */
export interface Plan {
  /** By partition, in rising order. */
  readonly records: readonly { readonly partition: number; readonly builder: RecordBuilder }[];
  /** Entries in `records`. */
  readonly entries: number;
  /** Streams that take entries, with their bytes. */
  readonly streams: readonly { readonly stream: ResolvedStream; readonly bytes: number }[];
  /** Entries and bytes that count against the tenant's rate: all valid ones, also of streams that are over limits of their own. */
  readonly chargedEntries: number;
  readonly chargedBytes: number;
  /** The first stream that was refused because ingestion is blocked, with a status that the client is to see. */
  readonly blocked: Blocked | undefined;
  /** The first stream that is one too many, and the first that is too fast: details of `stream_limit` and `per_stream_rate_limit`. */
  readonly overStreamLimit: ErrorDetails | undefined;
  readonly overStreamRate: ErrorDetails | undefined;
}

/** Why ingestion is blocked. */
interface Blocked {
  readonly code: 'blocked_ingestion' | 'blocked_ingestion_policy';
  readonly details: ErrorDetails;
}

/** Raw streams with one label set, as indexes into RawBatch.streams. */
interface MergedStream {
  readonly stream: ResolvedStream;
  readonly parts: number[];
}

/**
 * Checks a push and sorts it into batches: streams with equal labels merged, in order of first appearance, entries in the order sent. What it stores depends on
 * the push and the limits alone, so that a push repeated gives the same records; only what it refuses depends on the time and on other pushes.
 * Throws `push_backfill`, which refuses the whole push.
 */
export function* planPush(raw: RawBatch, rules: PlanRules): Generator<void, Plan> {
  return yield* new Planner(raw, rules).run();
}

class Planner {
  readonly #raw: RawBatch;
  readonly #rules: PlanRules;
  readonly #timeWords: Uint32Array;
  readonly #metadata: MetadataNormaliser;
  readonly #suffix: Buffer;
  readonly #oldest: bigint | null;
  readonly #oldestApprox: number;
  readonly #newest: bigint;
  readonly #newestApprox: number;
  readonly #streams: { readonly stream: ResolvedStream; readonly bytes: number }[] = [];
  /** Work since the last yield, in bytes. */
  #worked = 0;
  #entries = 0;
  #chargedEntries = 0;
  #chargedBytes = 0;
  #cutEntries = 0;
  #cutBytes = 0;
  #blocked: Blocked | undefined;
  #overStreamLimit: ErrorDetails | undefined;
  #overStreamRate: ErrorDetails | undefined;

  constructor(raw: RawBatch, rules: PlanRules) {
    const { limits, nowNs } = rules;
    this.#raw = raw;
    this.#rules = rules;
    this.#timeWords = new Uint32Array(raw.timeNs.buffer, raw.timeNs.byteOffset, raw.rows * 2);
    const discovers = limits.discover_log_levels && limits.allow_structured_metadata;
    this.#metadata = new MetadataNormaliser(discovers ? { fields: levelFieldsOf(limits), jsonDepthMax: limits.log_level_from_json_max_depth } : null, genericFieldsOf(limits));
    this.#suffix = Buffer.from(limits.max_line_size_truncate_identifier);
    this.#oldest = limits.reject_old_samples && raw.backfillShard === '' ? nowNs - limits.reject_old_samples_max_age : null;
    this.#oldestApprox = Number(this.#oldest ?? 0n);
    this.#newest = nowNs + limits.creation_grace_period;
    this.#newestApprox = Number(this.#newest);
  }

  *run(): Generator<void, Plan> {
    const byPartition = yield* this.#merge();
    const records: { partition: number; builder: RecordBuilder }[] = [];
    for (const [partition, streams] of [...byPartition].sort((a, b) => a[0] - b[0])) {
      const writer = new PartitionWriter(this.#rules.tenant, this.#expected(streams), this.#rules.pool);
      for (const stream of streams) yield* this.#stream(stream, writer);
      for (const builder of writer.finish()) records.push({ partition, builder });
    }
    if (this.#cutEntries > 0) this.#rules.cut(this.#cutEntries, this.#cutBytes);
    return {
      records,
      entries: this.#entries,
      streams: this.#streams,
      chargedEntries: this.#chargedEntries,
      chargedBytes: this.#chargedBytes,
      blocked: this.#blocked,
      overStreamLimit: this.#overStreamLimit,
      overStreamRate: this.#overStreamRate,
    };
  }

  /** What the streams come to if nothing of them is refused. */
  #expected(streams: readonly MergedStream[]): RecordRoom {
    const raw = this.#raw;
    let [rows, labelBytes, lineBytes, metadataBytes] = [0, 0, 0, 0];
    for (const { stream, parts } of streams) {
      labelBytes += stream.encoded.length;
      for (const part of parts) {
        const { firstRow, rows: count } = raw.streams[part]!;
        rows += count;
        lineBytes += sumOf(raw.lineLength, firstRow, firstRow + count, 1);
        const [from, to] = [raw.pairStart[firstRow]! * 4, raw.pairStart[firstRow + count]! * 4];
        metadataBytes += sumOf(raw.pairs, from + 1, to, 4) + sumOf(raw.pairs, from + 3, to, 4) + ((to - from) / 4) * pairExtraBytes;
      }
    }
    return { rows, streams: streams.length, labelBytes, lineBytes, metadataBytes: metadataBytes + rows * this.#metadata.addedBytes };
  }

  /** Resolves all labels, refuses whole streams, and brings those with equal labels together, by partition. */
  *#merge(): Generator<void, Map<number, MergedStream[]>> {
    const { tenant, limits, partitions, nowNs, resolver, refusals } = this.#rules;
    const byKey = new Map<string, MergedStream>();
    const byPartition = new Map<number, MergedStream[]>();
    for (const [index, { labels, rows, firstRow }] of this.#raw.streams.entries()) {
      if (index % 128 === 127) yield;
      const stream = resolver.resolve(labels, limits, this.#raw.backfillShard, this.#rules.policy);
      if (rows === 0) continue;
      if (stream.fault !== null) {
        const { reason, details } = stream.fault;
        refusals.add(reason, { ...details, tenant }, rows, this.#sentBytes(firstRow, rows), firstRow);
        continue;
      }
      const blocked = blockOf(stream, tenant, limits, nowNs);
      if (blocked !== null) {
        refusals.count(blocked.code, rows, this.#sentBytes(firstRow, rows));
        refusals.rows(blocked.code, blocked.details, firstRow, rows);
        if (limits.block_ingestion_status_code !== 200) this.#blocked ??= blocked;
        continue;
      }
      let merged = byKey.get(stream.key);
      if (merged === undefined) {
        merged = { stream, parts: [] };
        byKey.set(stream.key, merged);
        const partition = stream.hash % partitions;
        const others = byPartition.get(partition);
        if (others === undefined) byPartition.set(partition, [merged]);
        else others.push(merged);
      }
      merged.parts.push(index);
    }
    return byPartition;
  }

  /** Bytes of lines and metadata as they were sent. */
  #sentBytes(firstRow: number, rows: number): number {
    const raw = this.#raw;
    let bytes = 0;
    for (let row = firstRow; row < firstRow + rows; row++) bytes += raw.lineLength[row]!;
    for (let pair = raw.pairStart[firstRow]!; pair < raw.pairStart[firstRow + rows]!; pair++) bytes += raw.pairs[pair * 4 + 1]! + raw.pairs[pair * 4 + 3]!;
    return bytes;
  }

  *#stream({ stream, parts }: MergedStream, writer: PartitionWriter): Generator<void, void> {
    const { tenant, limits, refusals } = this.#rules;
    const raw = this.#raw;
    const incrementDuplicates = limits.increment_duplicate_timestamp;
    let admitted: boolean | undefined;
    let entries = 0;
    let bytes = 0;
    writer.stream(stream.encoded);
    this.#worked += streamWork;
    for (const part of parts) {
      const { firstRow, rows } = raw.streams[part]!;
      const times = incrementDuplicates ? new DuplicateTimes(raw, this.#timeWords, firstRow) : null;
      for (let row = firstRow; row < firstRow + rows; row++) {
        const sentLength = raw.lineLength[row]!;
        this.#worked += sentLength + 64 + (raw.pairStart[row + 1]! - raw.pairStart[row]!) * 64;
        if (this.#worked >= yieldBytes) {
          this.#worked = 0;
          yield;
        }
        const length = this.#cutLength(sentLength);
        const suffix = length === sentLength ? null : this.#suffix;
        const storedLength = suffix === null ? length : length + suffix.length;
        if (!this.#check(stream, row, storedLength)) continue;
        const badName = this.#metadata.collect(raw, row);
        if (badName !== null) {
          this.#refuse('metadata_name', row, storedLength, { reason: badName, stream: stream.key });
          continue;
        }
        admitted ??= this.#rules.admit(stream);
        const batch = writer.next();
        const start = raw.lineStart[row]!;
        this.#metadata.write(raw, start, start + length, batch, stream);
        const size = storedLength + this.#metadata.storedBytes;
        this.#chargedEntries++;
        this.#chargedBytes += size;
        if (!admitted) {
          batch.dropPairs();
          this.#overStreamLimit ??= { stream: stream.key, tenant };
          refusals.count('stream_limit', 1, size);
          refusals.rows('stream_limit', { stream: stream.key, tenant }, row, 1);
          continue;
        }
        if (suffix !== null) {
          this.#cutEntries++;
          this.#cutBytes += sentLength - length;
        }
        times?.next(row, start, length);
        const at = row * 2;
        if (times === null) batch.addRow(this.#timeWords[at]!, this.#timeWords[at + 1]!, raw.bytes, start, length, suffix);
        else batch.addRow(times.low, times.high, raw.bytes, start, length, suffix);
        entries++;
        bytes += size;
      }
    }
    if (entries > 0 && !this.#rules.allow(stream, bytes)) {
      const details = { limit: shownSize(limits.per_stream_rate_limit), stream: stream.key, bytes: shownSize(bytes) };
      this.#overStreamRate ??= details;
      refusals.count('per_stream_rate_limit', entries, bytes);
      for (const part of parts) refusals.rows('per_stream_rate_limit', details, raw.streams[part]!.firstRow, raw.streams[part]!.rows);
      entries = 0;
    }
    if (entries === 0) {
      writer.dropStream();
      return;
    }
    this.#entries += entries;
    this.#streams.push({ stream, bytes });
  }

  /** How much of a line is kept, without the identifier of cut lines. */
  #cutLength(length: number): number {
    const { max_line_size: max, max_line_size_truncate: cuts } = this.#rules.limits;
    if (!cuts || max === 0 || length <= max) return length;
    const kept = max - this.#suffix.length;
    return kept > 0 ? kept : length;
  }

  /** Checks one entry by itself; false where it is refused. */
  #check(stream: ResolvedStream, row: number, length: number): boolean {
    const { limits } = this.#rules;
    const raw = this.#raw;
    const time = (this.#timeWords[row * 2 + 1]! | 0) * 4_294_967_296 + this.#timeWords[row * 2]!;
    if (this.#oldest !== null && time < this.#oldestApprox + doubtNs && raw.timeNs[row]! < this.#oldest) {
      return this.#refuse('greater_than_max_sample_age', row, length, { stream: stream.key, time: shownTime(raw.timeNs[row]!), oldest: shownTime(this.#oldest) });
    }
    if (time > this.#newestApprox - doubtNs && raw.timeNs[row]! > this.#newest) {
      return this.#refuse('too_far_in_future', row, length, { stream: stream.key, time: shownTime(raw.timeNs[row]!) });
    }
    if (limits.max_line_size !== 0 && length > limits.max_line_size) {
      return this.#refuse('line_too_long', row, length, { limit: limits.max_line_size, stream: stream.key, length });
    }
    const pairs = raw.pairStart[row + 1]! - raw.pairStart[row]!;
    if (pairs === 0) return true;
    if (!limits.allow_structured_metadata) return this.#refuse('disallowed_structured_metadata', row, length, { stream: stream.key });
    const size = this.#metadata.sentBytes(raw, row);
    if (limits.max_structured_metadata_size !== 0 && size > limits.max_structured_metadata_size) {
      return this.#refuse('structured_metadata_too_large', row, length, { stream: stream.key, size, limit: limits.max_structured_metadata_size });
    }
    if (limits.max_structured_metadata_entries_count !== 0 && pairs > limits.max_structured_metadata_entries_count) {
      return this.#refuse('structured_metadata_too_many', row, length, { stream: stream.key, count: pairs, limit: limits.max_structured_metadata_entries_count });
    }
    return true;
  }

  #refuse(reason: RefusalReason, row: number, length: number, details: ErrorDetails): false {
    this.#rules.refusals.add(reason, details, 1, length + this.#metadata.sentBytes(this.#raw, row), row);
    return false;
  }
}

/**
 * Times under `increment_duplicate_timestamp`, for the entries of one stream of the push: an entry that shares its time with the one before (as sent, or as
 * already moved) and differs in its line is stored one nanosecond after that.
 */
class DuplicateTimes {
  low = 0;
  high = 0;
  readonly #raw: RawBatch;
  readonly #words: Uint32Array;
  /** Time that entries are compared with, as sent. */
  #sentLow: number;
  #sentHigh: number;
  #lineStart = -1;
  #lineLength = 0;

  constructor(raw: RawBatch, words: Uint32Array, firstRow: number) {
    this.#raw = raw;
    this.#words = words;
    this.#sentLow = words[firstRow * 2]!;
    this.#sentHigh = words[firstRow * 2 + 1]!;
  }

  /** Sets the words of the time of the next entry that is stored. */
  next(row: number, start: number, length: number): void {
    const low = this.#words[row * 2]!;
    const high = this.#words[row * 2 + 1]!;
    const bytes = this.#raw.bytes;
    const before = this.#lineStart;
    const differs = before >= 0 && bytes.compare(bytes, before, before + this.#lineLength, start, start + length) !== 0;
    const sameTime = (low === this.#sentLow && high === this.#sentHigh) || (low === this.low && high === this.high);
    if (differs && sameTime) {
      this.low = (this.low + 1) >>> 0;
      if (this.low === 0) this.high = (this.high + 1) >>> 0;
    } else {
      if (before >= 0) {
        this.#sentLow = low;
        this.#sentHigh = high;
      }
      this.low = low;
      this.high = high;
    }
    this.#lineStart = start;
    this.#lineLength = length;
  }
}

/** RFC 3339 in whole seconds, as Loki's messages have it. */
function shownTime(timeNs: bigint): string {
  if (timeNs === timeUnset) return '0001-01-01T00:00:00Z';
  const fraction = ((timeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return formatRfc3339(timeNs - fraction);
}

/** A size as Loki's messages have it: `3MB`, `1KB`, `3000B`. */
function shownSize(bytes: number): string {
  for (const [unit, size] of [['GB', 2 ** 30], ['MB', 2 ** 20], ['KB', 2 ** 10]] as const) if (bytes > 0 && bytes % size === 0) return `${bytes / size}${unit}`;
  return `${bytes}B`;
}

/** Why pushes of the stream are blocked now: for the tenant, or for the stream's policy; null where they are not. */
function blockOf(stream: ResolvedStream, tenant: string, limits: Limits, nowNs: bigint): Blocked | null {
  const status = limits.block_ingestion_status_code;
  if (limits.block_ingestion_until > nowNs) return { code: 'blocked_ingestion', details: { tenant, until: formatRfc3339(limits.block_ingestion_until), status } };
  if (stream.blockedUntilNs <= nowNs) return null;
  return { code: 'blocked_ingestion_policy', details: { tenant, policy: stream.policy, until: formatRfc3339(stream.blockedUntilNs), status } };
}

function sumOf(numbers: Uint32Array, from: number, to: number, step: number): number {
  let sum = 0;
  for (let i = from; i < to; i += step) sum += numbers[i]!;
  return sum;
}
