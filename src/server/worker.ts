import { parentPort } from 'node:worker_threads';
import { seal, type SealTask } from '../ingester/mod.ts';
import type { ScanTask } from '../logql/mod.ts';
import { isSpoorError, reasonOf } from '../model/mod.ts';
import { ScanSessions, type LoadedUnit } from '../querier/mod.ts';
import type { ThreadAnswer, ThreadCall } from './threads.ts';

/** A result and the buffers in it that are handed over. */
interface Handed {
  readonly result: unknown;
  readonly transfer: readonly ArrayBuffer[];
}

const sessions = new ScanSessions();

const methods: Readonly<Record<string, (...args: never[]) => Handed>> = {
  seal: (task: SealTask) => {
    const result = seal(task);
    return { result, transfer: [...result.segments, ...result.indexes].flatMap(({ data }) => wholeBuffer(data)) };
  },
  scanAdd: (scan: number, task: ScanTask | null, loaded: LoadedUnit) => ({ result: sessions.add(scan, task, loaded), transfer: [] }),
  scanFinish: (scan: number) => {
    const { result, buffers } = sessions.finish(scan);
    return { result, transfer: buffers };
  },
};

function wholeBuffer(data: Uint8Array): ArrayBuffer[] {
  return data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength ? [data.buffer] : [];
}

parentPort?.on('message', ({ id, method, args }: ThreadCall) => {
  let answer: ThreadAnswer;
  let transfer: readonly ArrayBuffer[] = [];
  try {
    const handed = (methods[method] as (...args: readonly unknown[]) => Handed)(...args);
    answer = { id, result: handed.result };
    transfer = handed.transfer;
  } catch (error) {
    const stack = error instanceof Error ? error.stack : undefined;
    answer = { id, failure: isSpoorError(error) ? { code: error.code, details: error.details } : { code: 'internal', details: { reason: reasonOf(error) }, stack } };
  }
  parentPort?.postMessage(answer, transfer);
});
