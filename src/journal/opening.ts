import { reasonOf, SpoorError, type Clock } from '../model/mod.ts';
import { decodeIds, DuplicateWindow, idsFileBytesMax, idsName } from './duplicates.ts';
import { readSmallFile, replaceFile, type JournalFile, type JournalFiles } from './files.ts';
import { decodeFileHeader, fileHeaderBytes, findWitness, FrameReader, idBytesMax, OutOfOrder, type FileHeader } from './frame.ts';
import { LogFile, logFileName, logFilePattern } from './log-file.ts';
import { recordBytesMax } from './record.ts';
import { encodeState, freshState, readState, stateName, StateFile } from './state.ts';

/** What is known of a partition once its directory was read. */
export interface OpenedPartition {
  readonly state: StateFile;
  readonly window: DuplicateWindow;
  /** In order, without gaps; empty where the partition is new. */
  readonly logs: LogFile[];
}

export interface OpenPartitionOptions {
  readonly files: JournalFiles;
  readonly directory: string;
  readonly partition: number;
  readonly clock: Clock;
  readonly duplicateWindowMs: number;
  readonly duplicateIdsMax: number;
}

/**
 * Reads a partition's directory, checks every byte of it, finishes what a crash left half done (a trim, a torn write) and makes sure that what is there
 * is durable. Throws `corruption` for everything that a crash cannot explain (docs/formats/journal.md, "Torn or damaged").
 */
export async function openPartition(options: OpenPartitionOptions): Promise<OpenedPartition> {
  const { files, directory } = options;
  await files.makeDirectory(directory);
  const names = await files.list(directory);
  for (const name of names) if (name.endsWith('.tmp')) await files.delete(`${directory}/${name}`);
  const window = new DuplicateWindow({ windowMs: options.duplicateWindowMs, idsMax: options.duplicateIdsMax, clock: options.clock });
  const firsts = names.filter((name) => logFilePattern.test(name)).map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);

  let state = await readState(files, directory);
  if (state === undefined) {
    // The state file is made before the first journal file and never deleted.
    if (firsts.length > 0) throw damage(`${directory}/${stateName}`, 0, 'the file is missing');
    await replaceFile(files, directory, stateName, encodeState(freshState));
    state = freshState;
  }
  const { trimmedTo } = state;
  for (const first of firsts) if (first <= trimmedTo) await files.delete(`${directory}/${logFileName(first)}`);
  await files.syncDirectory(directory);

  await readIds(options, window, trimmedTo);
  const logs = await openLogs(options, firsts.filter((first) => first > trimmedTo), window, trimmedTo);
  const next = logs.at(-1)?.next ?? 1;
  if (next < state.next) {
    throw damage(`${directory}/${logFileName(logs.at(-1)?.first ?? 1)}`, logs.at(-1)?.length ?? 0, `records ${next} to ${state.next - 1} are missing; they were durable`);
  }
  return { state: new StateFile(files, directory, state), window, logs };
}

/** Remembers the ids of records whose files were trimmed. */
async function readIds({ files, directory }: OpenPartitionOptions, window: DuplicateWindow, trimmedTo: number): Promise<void> {
  // Nothing was trimmed: a crash may have left the ids of a trim that did not get as far as the state file; they stand in the frames as well.
  if (trimmedTo === 0) return;
  const path = `${directory}/${idsName}`;
  const bytes = await readSmallFile(files, directory, idsName, idsFileBytesMax);
  if (bytes === undefined) throw damage(path, 0, 'the file is missing');
  for (const known of decodeIds(bytes, path, idBytesMax)) if (known.position <= trimmedTo) window.add(known);
}

async function openLogs(options: OpenPartitionOptions, firsts: readonly number[], window: DuplicateWindow, trimmedTo: number): Promise<LogFile[]> {
  const { directory } = options;
  const headers: FileHeader[] = [];
  for (const first of firsts) headers.push(await readHeader(options, first));
  for (const [i, header] of headers.entries()) {
    const before = i === 0 ? trimmedTo + 1 : headers[i - 1]!.first;
    const expected = i === 0 ? header.first : header.previousFirst;
    if (before !== expected) throw damage(`${directory}/${logFileName(i === 0 ? before : expected)}`, 0, `the file is missing; ${logFileName(header.first)} follows it`);
  }
  if (headers.length === 0 && trimmedTo > 0) throw damage(`${directory}/${logFileName(trimmedTo + 1)}`, 0, 'the file is missing');
  const logs: LogFile[] = [];
  for (const [i, header] of headers.entries()) logs.push(await openLog(options, header, headers[i + 1], window));
  return logs;
}

async function readHeader(options: OpenPartitionOptions, first: number): Promise<FileHeader> {
  const path = `${options.directory}/${logFileName(first)}`;
  const file = await options.files.open(path, 'read');
  try {
    const bytes = Buffer.alloc(fileHeaderBytes);
    const header = decodeFileHeader(bytes.subarray(0, await file.read(bytes, 0)), path);
    if (header.partition !== options.partition) throw damage(path, 12, `the file belongs to partition ${header.partition}`);
    if (header.first !== first) throw damage(path, 16, `the file begins with record ${header.first}`);
    return header;
  } finally {
    await file.close();
  }
}

/** Reads one file. `following` is the header of the file behind it, which says how long this one is; without one it is the last, and may be torn. */
async function openLog(options: OpenPartitionOptions, header: FileHeader, following: FileHeader | undefined, window: DuplicateWindow): Promise<LogFile> {
  const path = `${options.directory}/${logFileName(header.first)}`;
  const file = await options.files.open(path, 'write');
  try {
    const size = await file.size();
    const limit = following?.previousLength ?? size;
    if (size < limit) throw damage(path, size, `the file ends here, and should at ${limit}`);
    const log = await readLog(file, header, limit, path, window);
    if (following === undefined) {
      await checkTorn(file, log, size, path);
    } else if (log.bad !== undefined) {
      throw damage(path, log.bad.offset, log.bad.reason);
    } else if (log.file.next !== following.first) {
      throw damage(path, limit, `the file ends with record ${log.file.next - 1}, and ${logFileName(following.first)} follows it`);
    }
    await settle(file, log.file.length, size, following === undefined);
    return log.file;
  } finally {
    await file.close();
  }
}

interface ReadLog {
  readonly file: LogFile;
  readonly bad: FrameReader['bad'];
}

async function readLog(file: JournalFile, header: FileHeader, limit: number, path: string, window: DuplicateWindow): Promise<ReadLog> {
  const log = new LogFile(path, header);
  const reader = new FrameReader(file, { salt: header.salt, offset: fileHeaderBytes, limit, position: header.first, dataBytesMax: recordBytesMax });
  try {
    for (let frame = await reader.next(); frame !== undefined; frame = await reader.next()) {
      log.add(frame.end);
      window.add({ id: frame.id, position: frame.position, timeMs: frame.timeMs });
    }
  } catch (error) {
    if (error instanceof OutOfOrder) throw damage(path, error.offset, error.message);
    throw error;
  }
  return { file: log, bad: reader.bad };
}

/** Throws unless what cannot be read at the end of the last file is the rest of a write that nobody was told had succeeded. */
async function checkTorn(file: JournalFile, log: ReadLog, size: number, path: string): Promise<void> {
  if (log.bad === undefined) return;
  const witness = await findWitness(file, { salt: log.file.salt, badOffset: log.bad.offset, limit: size, position: log.file.next });
  if (witness !== undefined) throw damage(path, log.bad.offset, `${log.bad.reason}, and the record at offset ${witness} shows that it was durable`);
}

/** Cuts what is not valid. The last file is synced even if nothing is cut: records that a killed process wrote may not have reached the disk. */
async function settle(file: JournalFile, length: number, size: number, last: boolean): Promise<void> {
  if (size === length && !last) return;
  try {
    if (size > length) await file.truncate(length);
    await file.sync();
  } catch (error) {
    throw new SpoorError('journal_write', { reason: reasonOf(error) }, { cause: error });
  }
}

function damage(where: string, offset: number, reason: string): SpoorError {
  return new SpoorError('corruption', { where, offset, reason });
}
