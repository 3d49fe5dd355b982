import type { EntryBatch, LabelSet } from '../model/mod.ts';
import { BatchBuilder } from './batch-builder.ts';

/** Size of columns at which the next record begins. Bounds how long encoding one holds the event loop, and stays well under the journal's limit. */
const recordBytesTarget = 8 * 2 ** 20;

/** Writes one partition's share of a push, as one batch or, where it is large, as several: always the same ones for the same push. */
export class PartitionWriter {
  readonly #tenant: string;
  readonly #builders: BatchBuilder[];
  #current: BatchBuilder;
  #labels: LabelSet = [];
  #labelBytes = 0;
  /** Index of the builder in which the open stream began. */
  #began = 0;

  /** @param rows @param lineBytes what will come at most */
  constructor(tenant: string, rows: number, lineBytes: number) {
    this.#tenant = tenant;
    this.#current = new BatchBuilder(tenant, Math.min(rows, 2 ** 16), Math.min(lineBytes, recordBytesTarget));
    this.#builders = [this.#current];
  }

  /** Begins a stream behind the one before. */
  stream(labels: LabelSet, labelBytes: number): void {
    this.#labels = labels;
    this.#labelBytes = labelBytes;
    this.#began = this.#builders.length - 1;
    this.#current.stream(labels, labelBytes);
  }

  /** The builder that takes the next entry of the open stream. */
  next(): BatchBuilder {
    if (this.#current.bytes >= recordBytesTarget) {
      this.#current = new BatchBuilder(this.#tenant, 2 ** 12, recordBytesTarget / 2);
      this.#builders.push(this.#current);
      this.#current.stream(this.#labels, this.#labelBytes);
    }
    return this.#current;
  }

  /** Takes all entries of the open stream back. */
  dropStream(): void {
    this.#builders.length = this.#began + 1;
    this.#current = this.#builders[this.#began]!;
    this.#current.dropStream();
  }

  /** The batches that hold anything. */
  finish(): EntryBatch[] {
    return this.#builders.filter((builder) => builder.rows > 0).map((builder) => builder.finish());
  }
}
