import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { ByteRange } from '../chunks/mod.ts';
import { isSpoorError, reasonOf, SpoorError } from '../model/mod.ts';
import { LocalReader, type ObjectStore } from '../objects/mod.ts';
import type { SegmentIo } from '../querier/mod.ts';
import type { ThreadFailure } from './threads.ts';

/** What a thread is given to read objects with. */
export interface IoParts {
  /** To the thread that has the object store. */
  readonly port: MessagePort;
  /** [0 while the thread waits for an answer]. */
  readonly signal: Int32Array<SharedArrayBuffer>;
  /** The directory store's directory, where objects are files of this machine. */
  readonly directory: string | null;
}

interface Request {
  readonly key: string;
  readonly ranges: readonly ByteRange[];
}

type Answer = { readonly buffers: readonly Uint8Array[] } | { readonly failure: ThreadFailure };

/** Reads objects in a thread that has nothing else to do: files itself, others by the main thread, for which it waits. */
export class BlockingIo implements SegmentIo {
  readonly #parts: IoParts;
  readonly #local: LocalReader | null;

  constructor(parts: IoParts) {
    this.#parts = parts;
    this.#local = parts.directory === null ? null : new LocalReader(parts.directory);
  }

  read(key: string, ranges: readonly ByteRange[]): readonly Uint8Array[] {
    const local = this.#local;
    if (local !== null) {
      try {
        return ranges.map(({ offset, length }) => local.read(key, offset, length));
      } catch {
        // The store itself says what is wrong.
      }
    }
    return this.#ask({ key, ranges });
  }

  #ask(request: Request): readonly Uint8Array[] {
    const { port, signal } = this.#parts;
    Atomics.store(signal, 0, 0);
    port.postMessage(request);
    Atomics.wait(signal, 0, 0);
    const answer = receiveMessageOnPort(port)?.message as Answer | undefined;
    if (answer === undefined) throw new SpoorError('shutting_down');
    if ('failure' in answer) throw new SpoorError(answer.failure.code, answer.failure.details);
    return answer.buffers;
  }
}

/** Answers a BlockingIo from the object store. */
export function serveIo(store: Pick<ObjectStore, 'getRange'>, port: MessagePort, signal: Int32Array<SharedArrayBuffer>): void {
  const never = new AbortController().signal;
  const answer = (message: Answer, transfer: readonly ArrayBuffer[]): void => {
    port.postMessage(message, transfer);
    Atomics.store(signal, 0, 1);
    Atomics.notify(signal, 0);
  };
  port.on('message', ({ key, ranges }: Request) => {
    Promise.all(ranges.map(({ offset, length }) => store.getRange(key, offset, length, never)))
      .then((buffers) => {
        const own = buffers.map((bytes) => (bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)));
        answer({ buffers: own }, own.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : [])));
      })
      .catch((error: unknown) => {
        answer({ failure: isSpoorError(error) ? { code: error.code, details: error.details } : { code: 'internal', details: { reason: reasonOf(error) } } }, []);
      });
  });
  port.unref();
}
