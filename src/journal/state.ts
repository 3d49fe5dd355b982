import { ByteReader, ByteWriter, crc32c } from '../bytes/mod.ts';
import { reasonOf, SpoorError } from '../model/mod.ts';
import { readSmallFile, replaceFile, type JournalFiles } from './files.ts';
import { Serial } from './serial.ts';

/** What a partition must remember beside its records (file `state`, docs/formats/journal.md). */
export interface PartitionState {
  /** Epoch of the newest lease. */
  readonly epoch: bigint;
  /** Everything up to here is in object storage. */
  readonly committed: number;
  /** The files of everything up to here may be deleted, and those of nothing above. */
  readonly trimmedTo: number;
  /** Position behind the last record that was durable when this was written: those below it must be there. */
  readonly next: number;
}

export const stateName = 'state';
const stateMagic = 'spoorjst';
const stateVersion = 1;
const stateBytes = 48;

/** The state of a partition that was never written to. */
export const freshState: PartitionState = { epoch: 0n, committed: 0, trimmedTo: 0, next: 1 };

export function encodeState(state: PartitionState): Uint8Array {
  const writer = new ByteWriter(stateBytes).bytes(Buffer.from(stateMagic, 'latin1')).u32(stateVersion);
  writer.u64(state.epoch).u64(BigInt(state.committed)).u64(BigInt(state.trimmedTo)).u64(BigInt(state.next));
  return writer.u32(crc32c(writer.view())).view();
}

/** Reads what encodeState wrote; throws `corruption`. */
export function decodeState(bytes: Uint8Array, where: string): PartitionState {
  const reader = new ByteReader(bytes, where);
  if (reader.bytes(stateMagic.length).toString('latin1') !== stateMagic) throw reader.damage('not a journal state file');
  const version = reader.u32();
  if (version !== stateVersion) throw reader.damage(`journal state version ${version} is not known`);
  const epoch = reader.u64();
  const [committed, trimmedTo, next] = [Number(reader.u64()), Number(reader.u64()), Number(reader.u64())];
  const crc = crc32c(bytes.subarray(0, reader.offset));
  if (reader.u32() !== crc) throw reader.damage('checksum is wrong');
  reader.end();
  return { epoch, committed, trimmedTo, next };
}

/** The state file of one partition: changes are made one after another, and are durable when they resolve. */
export class StateFile {
  readonly #files: JournalFiles;
  readonly #directory: string;
  readonly #serial = new Serial();
  #state: PartitionState;

  constructor(files: JournalFiles, directory: string, state: PartitionState) {
    this.#files = files;
    this.#directory = directory;
    this.#state = state;
  }

  /** The newest durable state. */
  get state(): PartitionState {
    return this.#state;
  }

  /**
   * Writes what `change` makes of the state as it then is.
   * Throws `journal_write`; the state is then the old one, as far as this process goes.
   */
  update(change: (state: PartitionState) => PartitionState): Promise<void> {
    return this.#serial.run(async () => {
      const next = change(this.#state);
      try {
        await replaceFile(this.#files, this.#directory, stateName, encodeState(next));
      } catch (error) {
        throw new SpoorError('journal_write', { reason: reasonOf(error) }, { cause: error });
      }
      this.#state = next;
    });
  }

  idle(): Promise<void> {
    return this.#serial.idle();
  }
}

/** The state file in `directory`, or undefined where there is none; throws `corruption`. */
export async function readState(files: JournalFiles, directory: string): Promise<PartitionState | undefined> {
  const bytes = await readSmallFile(files, directory, stateName, 4096);
  return bytes === undefined ? undefined : decodeState(bytes, `${directory}/${stateName}`);
}
