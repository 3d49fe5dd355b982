import { ByteReader, ByteWriter, crc32c } from '../bytes/mod.ts';
import type { Clock } from '../model/mod.ts';

/** An append that is remembered. */
export interface KnownId {
  readonly id: string;
  readonly position: number;
  /** When it was appended. */
  readonly timeMs: number;
}

/** The ids of the newest appends of one partition, bounded by count and by age. */
export class DuplicateWindow {
  readonly #windowMs: number;
  readonly #idsMax: number;
  readonly #clock: Clock;
  readonly #byId = new Map<string, KnownId>();
  /** Oldest first, from #head on. An id that was appended again after its time stands here twice; #byId has the later one. */
  #queue: KnownId[] = [];
  #head = 0;

  constructor(options: { readonly windowMs: number; readonly idsMax: number; readonly clock: Clock }) {
    this.#windowMs = options.windowMs;
    this.#idsMax = options.idsMax;
    this.#clock = options.clock;
  }

  /** Position of the append with this id, if it is inside the window. */
  find(id: string): number | undefined {
    const found = this.#byId.get(id);
    return found !== undefined && this.#isInside(found, this.#clock.nowMs()) ? found.position : undefined;
  }

  /** Remembers an append. Positions come in rising order. */
  add(known: KnownId): void {
    const now = this.#clock.nowMs();
    if (!this.#isInside(known, now)) return;
    this.#byId.set(known.id, known);
    this.#queue.push(known);
    for (let oldest = this.#queue[this.#head]; oldest !== undefined; oldest = this.#queue[++this.#head]) {
      if (this.#queue.length - this.#head <= this.#idsMax && this.#isInside(oldest, now)) break;
      if (this.#byId.get(oldest.id) === oldest) this.#byId.delete(oldest.id);
    }
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  #isInside(known: KnownId, now: number): boolean {
    return now - known.timeMs <= this.#windowMs;
  }

  /** What is inside the window and not above `position`, oldest first. */
  upTo(position: number): KnownId[] {
    const now = this.#clock.nowMs();
    return this.#queue.slice(this.#head).filter((known) => known.position <= position && this.#isInside(known, now));
  }
}

/** Name of the file with the ids of records whose files were trimmed. */
export const idsName = 'ids';
/** Longest ids file that is read. */
export const idsFileBytesMax = 2 ** 30;
const idsMagic = 'spoorjid';
const idsVersion = 1;

/** Writes an ids file (docs/formats/journal.md). */
export function encodeIds(ids: readonly KnownId[]): Uint8Array {
  const writer = new ByteWriter(32 + ids.length * 56).bytes(Buffer.from(idsMagic, 'latin1')).u32(idsVersion).u32(ids.length);
  for (const { id, position, timeMs } of ids) writer.u64(BigInt(position)).u64(BigInt(timeMs)).text(id);
  return writer.u32(crc32c(writer.view())).view();
}

/** Reads what encodeIds wrote; throws `corruption`. */
export function decodeIds(bytes: Uint8Array, where: string, idBytesMax: number): KnownId[] {
  const reader = new ByteReader(bytes, where);
  if (reader.bytes(idsMagic.length).toString('latin1') !== idsMagic) throw reader.damage('not a journal ids file');
  const version = reader.u32();
  if (version !== idsVersion) throw reader.damage(`journal ids version ${version} is not known`);
  const count = reader.u32();
  if (reader.remaining < 4 || crc32c(bytes.subarray(0, bytes.length - 4)) !== Buffer.from(bytes.subarray(bytes.length - 4)).readUInt32LE(0)) {
    throw reader.damage('checksum is wrong');
  }
  const ids: KnownId[] = [];
  for (let i = 0; i < count; i++) {
    const position = Number(reader.u64());
    const timeMs = Number(reader.u64());
    ids.push({ position, timeMs, id: reader.text(idBytesMax, 'append id') });
  }
  reader.u32();
  reader.end();
  return ids;
}
