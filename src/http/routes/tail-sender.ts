import { setImmediate as immediate } from 'node:timers/promises';
import { encodeTailFrame, type Batch, type DroppedRows } from '../../logql/mod.ts';
import { formatLabels, type LabelSet } from '../../model/mod.ts';
import type { PassedOver } from '../../querier/mod.ts';

/** Rows and bytes of lines of one frame. */
const frameRowsMax = 1000;
const frameLineBytesMax = 2 ** 20;
/** No frame is sent while so much is unsent. */
const unsentBytesMax = 4 * 2 ** 20;
/** Streams that what was dropped is counted by; the rest is counted together, as a stream without labels. */
const droppedStreamsMax = 1000;

/** What of a WebSocket a tail sends through. */
export interface TailSocket {
  /** Bytes that the client has not taken. */
  readonly bufferedAmount: number;
  send(text: string): void;
}

/** The rows of a tail, with the labels that they point into. */
export type TailRows = Pick<Batch, 'labels' | 'rows'>;

/**
 * Sends rows as frames as long as the client takes them. Rows that there is no room for are dropped and counted by stream; the next frame says so, or one of its own
 * once there is room. So a client that reads slowly costs some megabytes, however much is tailed.
 */
export class TailSender {
  readonly #socket: TailSocket;
  readonly #categorizeLabels: boolean;
  readonly #counted: (result: 'sent' | 'dropped', rows: number) => void;
  #dropped = new Map<string, { labels: LabelSet; count: number; firstNs: bigint; lastNs: bigint }>();
  #sentBytes = 0;

  /** `counted` hears of all rows that are sent or dropped. */
  constructor(socket: TailSocket, categorizeLabels: boolean, counted: (result: 'sent' | 'dropped', rows: number) => void) {
    this.#socket = socket;
    this.#categorizeLabels = categorizeLabels;
    this.#counted = counted;
  }

  /** Bytes that the client has taken, about. */
  get takenBytes(): number {
    return this.#sentBytes - this.#socket.bufferedAmount;
  }

  get #hasRoom(): boolean {
    return this.#socket.bufferedAmount <= unsentBytesMax;
  }

  /** Sends rows or drops them, frame by frame; others get a turn between two frames. */
  async offer(batch: TailRows): Promise<void> {
    for (const frame of frames(batch)) {
      if (this.#hasRoom) {
        this.#send(frame);
        await immediate();
      } else this.#drop(frame);
    }
  }

  /** Says what was dropped, if anything was and there is room. */
  announce(): void {
    if (this.#dropped.size > 0 && this.#hasRoom) this.#send({ labels: [], rows: [] });
  }

  /** Counts rows that were dropped unseen: as those of a stream without labels. */
  passedOver({ rows, atNs }: PassedOver): void {
    if (rows === 0) return;
    this.#counted('dropped', rows);
    this.#addDropped('', [], rows, atNs);
  }

  #send(frame: TailRows): void {
    const dropped: DroppedRows[] = [...this.#dropped.values()];
    this.#dropped = new Map();
    const text = encodeTailFrame(frame, { categorizeLabels: this.#categorizeLabels, dropped });
    this.#socket.send(text);
    this.#sentBytes += Buffer.byteLength(text);
    this.#counted('sent', frame.rows.length);
  }

  #drop({ labels, rows }: TailRows): void {
    this.#counted('dropped', rows.length);
    const keys: string[] = [];
    for (const { timeNs, labels: at } of rows) {
      const set = labels[at];
      if (set === undefined) throw new TypeError('a row without labels');
      const stream = set.origin ?? set.stream;
      let key = (keys[at] ??= formatLabels(stream));
      if (this.#dropped.size >= droppedStreamsMax && !this.#dropped.has(key)) key = '';
      this.#addDropped(key, key === '' ? [] : stream, 1, timeNs);
    }
  }

  #addDropped(key: string, labels: LabelSet, count: number, timeNs: bigint): void {
    const known = this.#dropped.get(key);
    if (known === undefined) {
      this.#dropped.set(key, { labels, count, firstNs: timeNs, lastNs: timeNs });
      return;
    }
    known.count += count;
    if (timeNs < known.firstNs) known.firstNs = timeNs;
    if (timeNs > known.lastNs) known.lastNs = timeNs;
  }
}

/** Rows in portions that become one frame each. */
function* frames({ labels, rows }: TailRows): Generator<TailRows> {
  let from = 0;
  let bytes = 0;
  for (const [i, { line }] of rows.entries()) {
    if (i > from && (i - from >= frameRowsMax || bytes + line.length > frameLineBytesMax)) {
      yield portion(labels, rows.slice(from, i));
      from = i;
      bytes = 0;
    }
    bytes += line.length;
  }
  if (from < rows.length) yield from === 0 ? { labels, rows } : portion(labels, rows.slice(from));
}

/** Some rows of a batch with only the labels that they use. */
function portion(labels: TailRows['labels'], rows: TailRows['rows']): TailRows {
  const used = new Map<number, number>();
  const numbered = rows.map((row) => {
    let at = used.get(row.labels);
    if (at === undefined) used.set(row.labels, (at = used.size));
    return at === row.labels ? row : { ...row, labels: at };
  });
  return { labels: [...used.keys()].map((at) => labels[at]).filter((set) => set !== undefined), rows: numbered };
}
