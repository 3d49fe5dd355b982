import type { BufferPool } from '../bytes/mod.ts';
import { encodeTenant, RecordBuilder, type RecordRoom } from '../journal/mod.ts';

/** Size at which the next record begins. Bounds how long hashing and copying one hold the event loop, and stays well under the journal's limit. */
const recordBytesTarget = 8 * 2 ** 20;
const rowsFirst = 2 ** 16;

/** Writes one partition's share of a push, as one record or, where it is large, as several: always the same ones for the same push. */
export class PartitionWriter {
  readonly #tenant: Buffer;
  readonly #pool: BufferPool;
  readonly #builders: RecordBuilder[];
  #current: RecordBuilder;
  #labels: Buffer = Buffer.alloc(0);
  /** Index of the builder in which the open stream began. */
  #began = 0;

  /** @param expected what will come at most, near enough */
  constructor(tenant: string, expected: RecordRoom, pool: BufferPool) {
    this.#tenant = encodeTenant(tenant);
    this.#pool = pool;
    const room = {
      rows: Math.min(expected.rows, rowsFirst),
      streams: expected.streams,
      labelBytes: this.#tenant.length + Math.min(expected.labelBytes, recordBytesTarget),
      lineBytes: Math.min(expected.lineBytes, recordBytesTarget),
      metadataBytes: Math.min(expected.metadataBytes, recordBytesTarget),
    };
    this.#current = new RecordBuilder(this.#tenant, room, pool);
    this.#builders = [this.#current];
  }

  /** Begins a stream behind the one before; `labels` as encodeStreamLabels gives them. */
  stream(labels: Buffer): void {
    this.#labels = labels;
    this.#began = this.#builders.length - 1;
    this.#current.stream(labels);
  }

  /** The builder that takes the next entry of the open stream. */
  next(): RecordBuilder {
    if (this.#current.bytes >= recordBytesTarget) {
      const room = { rows: 2 ** 12, streams: 16, labelBytes: this.#tenant.length + this.#labels.length, lineBytes: recordBytesTarget / 2, metadataBytes: recordBytesTarget / 8 };
      this.#current = new RecordBuilder(this.#tenant, room, this.#pool);
      this.#builders.push(this.#current);
      this.#current.stream(this.#labels);
    }
    return this.#current;
  }

  /** Takes all entries of the open stream back. */
  dropStream(): void {
    for (const dropped of this.#builders.splice(this.#began + 1)) dropped.release();
    this.#current = this.#builders[this.#began]!;
    this.#current.dropStream();
  }

  /** The records that hold anything, not finished yet. */
  finish(): RecordBuilder[] {
    const [full, empty] = [this.#builders.filter((builder) => builder.rows > 0), this.#builders.filter((builder) => builder.rows === 0)];
    for (const builder of empty) builder.release();
    return full;
  }
}
