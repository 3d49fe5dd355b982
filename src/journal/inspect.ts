import { isSpoorError, type EntryBatch } from '../model/mod.ts';
import type { JournalFile } from './files.ts';
import { decodeFileHeader, fileHeaderBytes, findWitness, FrameReader, OutOfOrder, type FileHeader } from './frame.ts';
import { decodeRecord, recordBytesMax } from './record.ts';

/** A record of a journal file; `batch` is undefined where it cannot be read. Valid until the next one is handed over. */
export interface InspectedRecord {
  readonly position: number;
  /** File offsets of its frame. */
  readonly offset: number;
  readonly end: number;
  /** When it was appended, milliseconds since the epoch. */
  readonly timeMs: number;
  readonly id: string;
  readonly bytes: number;
  readonly batch: EntryBatch | undefined;
}

/** A journal file: what `spoor inspect journal` shows besides its records. */
export interface InspectedJournal {
  readonly header: FileHeader;
  readonly fileBytes: number;
  /** Offset behind the last good frame. */
  readonly end: number;
  /**
   * Why what stands from `end` on is no frame. `torn`: nothing behind it shows that it was ever durable, so a crash explains it, if the file is the last of its partition or the one behind it
   * says that it ends there.
   */
  readonly rest: { readonly reason: string; readonly torn: boolean } | null;
  /** Records that are whole and cannot be read. */
  readonly damage: readonly { readonly offset: number; readonly reason: string }[];
}

/** Reads a journal file from its first byte to its last, checking everything. Throws `corruption` where its header cannot be read. */
export async function inspectJournal(file: JournalFile, where: string, visit: (record: InspectedRecord) => void): Promise<InspectedJournal> {
  const head = Buffer.alloc(fileHeaderBytes);
  const header = decodeFileHeader(head.subarray(0, await file.read(head, 0)), where);
  const fileBytes = await file.size();
  const reader = new FrameReader(file, { salt: header.salt, offset: fileHeaderBytes, limit: fileBytes, position: header.first, dataBytesMax: recordBytesMax });
  const damage: { offset: number; reason: string }[] = [];
  let rest: InspectedJournal['rest'] = null;
  try {
    for (let frame = await reader.next(); frame !== undefined; frame = await reader.next()) {
      const { position, offset, end, timeMs, id, data } = frame;
      let batch: EntryBatch | undefined;
      try {
        batch = decodeRecord(data, where);
      } catch (error) {
        if (!isSpoorError(error, 'corruption')) throw error;
        damage.push({ offset, reason: `record ${position}, byte ${String(error.details['offset'])}: ${String(error.details['reason'])}` });
      }
      visit({ position, offset, end, timeMs, id, bytes: data.length, batch });
    }
    if (reader.bad !== undefined) {
      const witness = await findWitness(file, { salt: header.salt, badOffset: reader.bad.offset, limit: fileBytes, position: reader.position });
      rest = { reason: witness === undefined ? reader.bad.reason : `${reader.bad.reason}, and the record at offset ${witness} shows that it was durable`, torn: witness === undefined };
    }
  } catch (error) {
    if (!(error instanceof OutOfOrder)) throw error;
    rest = { reason: error.message, torn: false };
  }
  return { header, fileBytes, end: reader.offset, rest, damage };
}
