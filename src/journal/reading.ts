import { reasonOf, SpoorError } from '../model/mod.ts';
import type { JournalFiles } from './files.ts';
import { FrameReader, OutOfOrder } from './frame.ts';
import type { LogFile } from './log-file.ts';
import type { JournalRecord, Position } from './port.ts';
import type { Tail, TailReader } from './tail.ts';

/** What reading needs of a partition. */
export interface ReadSource {
  readonly files: JournalFiles;
  readonly partition: number;
  readonly tail: Tail;
  /** The partition's files, kept up to date by its writer. */
  readonly logs: readonly LogFile[];
  /** Aborts when the journal closes. */
  readonly closed: AbortSignal;
  readonly dataBytesMax: number;
}

/** Replays durable records from `from` on, from files, then tails, from memory where the reader keeps up. Ends without an error when `signal` aborts or the journal closes. */
export async function* readRecords(source: ReadSource, from: Position, signal: AbortSignal): AsyncGenerator<JournalRecord, void, undefined> {
  const { tail, logs, closed } = source;
  if (closed.aborted) throw new SpoorError('journal_closed');
  if (from > BigInt(nextOf(logs))) throw gap(source, `record ${from} was asked for, and the journal ends before ${nextOf(logs)}`);
  const ended = (): boolean => signal.aborted || closed.aborted;
  const reader: TailReader = { position: Number(from) };
  tail.enter(reader);
  try {
    while (!ended()) {
      const record = tail.get(reader.position);
      if (record !== undefined) {
        // The reader looks at it until it asks for the next.
        yield tail.hold(reader, record);
        tail.advance(reader);
      } else if (reader.position < nextOf(logs)) {
        yield* readFile(source, reader, ended);
      } else {
        await tail.wait(signal);
      }
    }
  } finally {
    tail.leave(reader);
  }
}

function nextOf(logs: readonly LogFile[]): number {
  return logs.at(-1)?.next ?? 1;
}

/** Reads from the file that holds the reader's position, up to what of it was durable when it was opened. */
async function* readFile(source: ReadSource, reader: TailReader, ended: () => boolean): AsyncGenerator<JournalRecord, void, undefined> {
  const { files, logs } = source;
  const log = logs.findLast((log) => log.first <= reader.position);
  if (log === undefined) throw gap(source, `record ${reader.position} was asked for, and the journal begins with ${logs[0]?.first ?? 1}`);
  const limit = log.length;
  let file;
  try {
    file = await files.open(log.path, 'read');
  } catch (error) {
    // Trimmed just now: the next look finds the gap.
    if (!logs.includes(log)) return;
    throw unreadable(log, error);
  }
  const frames = new FrameReader(file, { salt: log.salt, ...log.seek(reader.position), limit, dataBytesMax: source.dataBytesMax });
  try {
    for (let frame = await frames.next(); frame !== undefined && !ended(); frame = await frames.next()) {
      if (frame.position < reader.position) continue;
      reader.position++;
      yield { position: BigInt(frame.position), data: frame.data };
    }
    if (frames.bad !== undefined) throw new SpoorError('corruption', { where: log.path, ...frames.bad });
  } catch (error) {
    if (error instanceof OutOfOrder) throw new SpoorError('corruption', { where: log.path, offset: error.offset, reason: error.message });
    throw error instanceof SpoorError ? error : unreadable(log, error);
  } finally {
    await file.close();
  }
}

function unreadable(log: LogFile, cause: unknown): SpoorError {
  return new SpoorError('internal', { reason: `${log.path} could not be read: ${reasonOf(cause)}` }, { cause });
}

function gap(source: ReadSource, reason: string): SpoorError {
  return new SpoorError('corruption', { where: `journal partition ${source.partition}`, offset: 0, reason });
}
