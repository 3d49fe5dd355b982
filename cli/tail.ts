import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { readTailFrame, type Entry } from './answers.ts';
import type { Client } from './client.ts';
import { Failure, reasonOf } from './failure.ts';
import { chooseLabels, type LabelChoice, type Labels } from './labels.ts';
import type { Printer } from './printer.ts';
import { inOrder, pages } from './query.ts';
import { Seen } from './seen.ts';
import type { Terminal } from './terminal.ts';

/** A live tail. */
export interface TailQuery {
  readonly query: string;
  /** Entries from here on are shown first, the newest `limit` of them. */
  readonly startNs: bigint;
  readonly limit: number;
  /** How long the server holds entries back to bring them in order. */
  readonly delayForSeconds: number;
  readonly choice: LabelChoice;
  readonly labelsLength: number;
  readonly quiet: boolean;
}

/** Times of the tail's own business; tests shorten them. */
export interface TailTimes {
  readonly backoffMsMin: number;
  readonly backoffMsMax: number;
  /** A connection that neither speaks nor answers a ping for this long is dead. */
  readonly silenceMs: number;
}

const defaultTimes: TailTimes = { backoffMsMin: 250, backoffMsMax: 10_000, silenceMs: 20_000 };
/** How far back a gap is searched for entries that arrived late, and how many entries are remembered to tell what came twice. */
const memory = { windowNs: 15_000_000_000n, entriesMax: 100_000 };
/** How far the clocks of client and server may differ, where nothing but the client's tells when a gap began. */
const skewNs = 5_000_000_000n;
/** Entries may lie in the future by as much as Loki's creation_grace_period. */
const futureNs = 600_000_000_000n;
const gapBatch = 1000;
const framesWaitingMax = 64;

/**
 * Prints entries as they arrive, until `signal` aborts. After a break it connects again, reads the gap with range queries and
 * leaves out what was printed before, so that nothing is missing and nothing comes twice. Throws a Failure where the server refuses the query.
 */
export async function runTail(client: Client, terminal: Terminal, printer: Printer, query: TailQuery, clock: () => bigint, signal: AbortSignal, times: TailTimes = defaultTimes): Promise<void> {
  const seen = new Seen(query.startNs, memory);
  const print = async (entries: readonly Entry[], isNew: (entry: Entry) => boolean): Promise<void> => {
    const fresh = inOrder(entries, true).filter((entry) => isNew(entry));
    const shown = new Map<Labels, Labels>();
    for (const { labels } of fresh) if (!shown.has(labels)) shown.set(labels, chooseLabels(labels, query.choice));
    await printer.print(
      fresh.map((entry) => ({ entry, shown: shown.get(entry.labels) ?? entry.labels })),
      query.labelsLength,
    );
  };
  let firstOpenNs: bigint | undefined;
  const fillGap = async (): Promise<void> => {
    const nowNs = clock();
    const newestNs = seen.newestNs ?? nowNs;
    const endNs = (newestNs > nowNs ? newestNs : nowNs) + futureNs;
    const isNew = seen.source();
    // Where nothing has come yet, the gap is what came since the first connection, not the history that was asked for.
    const resumeNs = seen.newestNs === undefined ? (firstOpenNs ?? nowNs) - skewNs : seen.resumeNs;
    const gap = { query: query.query, startNs: resumeNs, endNs, limit: 0, batch: gapBatch, forward: true, stepSeconds: undefined, intervalSeconds: undefined };
    for await (const page of pages(client, gap)) {
      if (signal.aborted) return;
      await print(page.entries, isNew);
    }
  };

  let backoffMs = times.backoffMsMin;
  while (!signal.aborted) {
    let reason: string;
    try {
      const socket = await client.open('/loki/api/v1/tail', {
        query: query.query,
        delay_for: query.delayForSeconds === 0 ? undefined : query.delayForSeconds,
        // History is for the first time; later on the gap is read by itself.
        limit: seen.newestNs === undefined ? query.limit : 1,
        start: query.startNs,
      });
      const frames = framesOf(socket, signal, times.silenceMs);
      const isNew = seen.source();
      // The connection stands before the gap is read, so that nothing falls between the two.
      if (firstOpenNs !== undefined) await fillGap();
      firstOpenNs ??= clock();
      let first = seen.newestNs === undefined;
      for await (const text of frames) {
        backoffMs = times.backoffMsMin;
        const frame = readTailFrame(text);
        if (first && frame.entries.length > 0) {
          seen.raiseFloor(oldestOf(frame.entries));
          first = false;
        }
        await print(frame.entries, isNew);
        if (frame.dropped) {
          if (!query.quiet) terminal.note('the server left out entries because they were not read fast enough; reading them now');
          await fillGap();
        }
      }
      reason = 'the server closed the connection';
    } catch (error) {
      if (!(error instanceof Failure) || !passing(error)) throw error;
      // A server that was never reached is more likely a wrong address than a break.
      if (firstOpenNs === undefined && error.status === 0) throw error;
      reason = error.message.trim();
    }
    if (signal.aborted) return;
    if (!query.quiet) terminal.note(`${reason}; connecting again`);
    await sleep(backoffMs, undefined, { signal }).catch(() => undefined);
    backoffMs = Math.min(backoffMs * 2, times.backoffMsMax);
  }
}

/** Whether the same request may go through later. */
function passing(failure: Failure): boolean {
  return failure.status === 0 || failure.status === 408 || failure.status === 429 || failure.status >= 500;
}

function oldestOf(entries: readonly Entry[]): bigint {
  let oldest = entries[0]?.timeNs ?? 0n;
  for (const { timeNs } of entries) if (timeNs < oldest) oldest = timeNs;
  return oldest;
}

/** Close codes with which a server says that trying again is of no use (RFC 6455, 7.4.1). */
const finalCloseCodes: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010]);

/**
 * The text frames of a socket that was opened paused. Reading slowly holds the server back. Ends when the connection does or `signal` aborts;
 * throws a Failure with the server's reason where it gave one.
 */
async function* framesOf(socket: WebSocket, signal: AbortSignal, silenceMs: number): AsyncGenerator<string> {
  const waiting: string[] = [];
  let ended = false;
  let failure: Failure | undefined;
  let wake = (): void => undefined;
  let heard = true;
  const alive = (): void => {
    heard = true;
  };
  const end = (reason?: Failure): void => {
    ended = true;
    failure ??= reason;
    wake();
  };
  socket.on('message', (data: Buffer) => {
    alive();
    waiting.push(data.toString('utf8'));
    if (waiting.length >= framesWaitingMax) socket.pause();
    wake();
  });
  socket.on('ping', alive);
  socket.on('pong', alive);
  socket.on('error', (error) => end(new Failure(`connection lost: ${reasonOf(error)}`)));
  socket.on('close', (code, why) => {
    const text = why.toString('utf8');
    end(finalCloseCodes.has(code) ? new Failure(text === '' ? `the server ended the tail with code ${code}` : text, 400) : text === '' ? undefined : new Failure(text));
  });
  // The gap was read before this began: the connection may have broken meanwhile, and would not say so again.
  if (socket.readyState === socket.CLOSING || socket.readyState === socket.CLOSED) end(new Failure('the connection was lost while the gap was read'));
  const watch = setInterval(() => {
    // While paused by us, its silence says nothing.
    if (socket.isPaused) return;
    if (!heard) {
      socket.terminate();
      end(new Failure(`connection lost: nothing heard for ${silenceMs / 1000} s`));
    } else if (socket.readyState === socket.OPEN) socket.ping();
    heard = false;
  }, silenceMs / 2);
  const abort = (): void => {
    socket.close(1000);
    end();
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    for (;;) {
      const text = waiting.shift();
      if (text !== undefined) {
        yield text;
        continue;
      }
      if (ended || signal.aborted) break;
      socket.resume();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (failure !== undefined && !signal.aborted) throw failure;
  } finally {
    clearInterval(watch);
    signal.removeEventListener('abort', abort);
    if (socket.readyState === socket.OPEN) socket.close(1000);
    setTimeout(() => socket.terminate(), 1000).unref();
  }
}
