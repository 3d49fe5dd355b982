import { workerData } from 'node:worker_threads';
import { systemClock } from '../../src/model/mod.ts';
import { answerCalls } from '../../src/server/answer-calls.ts';
import { BlockingIo, type IoParts } from '../../src/server/blocking-io.ts';

const { io: parts, stop } = workerData as { io: IoParts; stop: Int32Array<SharedArrayBuffer> };
const io = new BlockingIo(parts, systemClock);

/** A worker thread that reads as scans do; it shall stop when `stop` is not 0. */
answerCalls({
  read: (key: string, ranges: readonly { readonly offset: number; readonly length: number }[]) => ({ result: io.read(key, ranges, () => Atomics.load(stop, 0) !== 0).map((bytes) => Uint8Array.from(bytes)), transfer: [] }),
  near: (key: string, offset: number, length: number) => {
    io.bringNear(key, [{ offset, length }]);
    return { result: null, transfer: [] };
  },
  forget: (key: string) => {
    io.forget(key);
    return { result: null, transfer: [] };
  },
  about: () => ({ result: { reads: io.reads, gapBytesMax: io.gapBytesMax, isRemote: io.isRemote }, transfer: [] }),
});
