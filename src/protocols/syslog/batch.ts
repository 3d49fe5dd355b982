import { SpoorError } from '../../model/mod.ts';
import { Arena } from '../arena.ts';
import type { RawBatch } from '../batch.ts';
import { GroupedRows } from '../grouped-rows.ts';
import { defaultPushBodyLimits } from '../limits.ts';
import type { BsdTime } from './bsd-time.ts';
import type { SyslogRules } from './fields.ts';
import { MessageReader, type MessageLimits, type Text } from './message.ts';

/** Room for the constant texts, and for names that are joined. */
const extraBytes = 16_384;
const peersMax = 1024;
/** Messages of one batch; they bound its label sets too. */
const rowsMax = 16_384;
/** Bytes beside the messages at which a batch is full. */
const fullBytes = 8 * 2 ** 20;
/** What a buffer may be. */
const arenaBytesMax = 2 ** 32 - 1;

/** How the messages of a batch are read. */
export interface SyslogBatchOptions {
  readonly rules: SyslogRules;
  readonly limits: MessageLimits;
  readonly bsd: BsdTime;
  /** Bytes that a batch is expected to hold. */
  readonly bytes: number;
  /** Bytes of messages that it may hold at most; what is made of them is bounded by `limits`. */
  readonly bytesMax: number;
}

/** Messages on their way to the distributor: read as they come, into one batch. */
export class SyslogBatch {
  readonly #arena: Arena;
  readonly #rows: GroupedRows;
  readonly #reader: MessageReader;
  readonly #peers = new Map<string, Text>();
  /** Bytes of the messages as they arrived. */
  messageBytes = 0;

  constructor({ rules, limits, bsd, bytes, bytesMax }: SyslogBatchOptions) {
    // Joined names and unescaped values come on top, at most pairBytesMax of each message and twice its length.
    const arenaMax = Math.min(arenaBytesMax, 4 * bytesMax + rowsMax * Math.min(limits.pairBytesMax, bytesMax) + 64 * 2 ** 20);
    this.#arena = new Arena(bytes + (bytes >>> 2) + extraBytes, arenaMax, () => new SpoorError('body_too_large', { limit: arenaMax, name: 'syslog.batch_bytes' }));
    this.#rows = new GroupedRows(rules.labels, defaultPushBodyLimits, 1024);
    this.#reader = new MessageReader(this.#arena, this.#rows, rules, limits, bsd);
  }

  get rows(): number {
    return this.#rows.rows.rows;
  }

  /** Whether it must be delivered before another message is added: it holds as many as it may, or much was made of them. */
  get isFull(): boolean {
    return this.rows >= rowsMax || this.#arena.used >= fullBytes + 2 * this.messageBytes;
  }

  /** Adds a message: bytes[start … end), which came from `peer` (an address) at `nowNs`. */
  add(bytes: Buffer, start: number, end: number, peer: string, nowNs: bigint): void {
    const arena = this.#arena;
    const length = end - start;
    const from = this.#peer(peer);
    arena.reserve(length);
    const at = arena.used;
    bytes.copy(arena.bytes, at, start, end);
    arena.used = at + length;
    this.messageBytes += length;
    // Equal messages without a time stay several.
    const now = nowNs + BigInt(this.rows);
    this.#reader.read(at, at + length, from, Number(now / 1_000_000_000n), Number(now % 1_000_000_000n));
  }

  #peer(address: string): Text {
    let text = this.#peers.get(address);
    if (text === undefined) {
      const bytes = Buffer.from(address);
      text = { start: this.#arena.append(bytes), length: bytes.length };
      if (this.#peers.size < peersMax) this.#peers.set(address, text);
    }
    return text;
  }

  /** The batch; nothing may be added afterwards. Its columns stay until `release` of this object. */
  finish(): { readonly batch: RawBatch; readonly release: () => void } {
    const { batch } = this.#rows.finish(this.#arena.bytes);
    return {
      // Kept for another try where the distributor refuses some of it.
      batch: { ...batch, release: () => undefined },
      release: () => {
        batch.release();
        this.#arena.release();
      },
    };
  }
}
