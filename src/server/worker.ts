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

const methods: Readonly<Record<string, (...args: never[]) => Handed | Promise<Handed>>> = {
  seal: async (task: SealTask) => {
    const result = await seal(task);
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

/** Calls are answered in order, also where one has to wait. */
let before: Promise<void> = Promise.resolve();

parentPort?.on('message', (call: ThreadCall) => {
  before = before.then(() => answer(call));
});

async function answer(call: ThreadCall): Promise<void> {
  try {
    const { result, transfer } = await (methods[call.method] as (...args: readonly unknown[]) => Handed | Promise<Handed>)(...call.args);
    post({ id: call.id, result }, transfer);
  } catch (error) {
    const stack = error instanceof Error ? error.stack : undefined;
    post({ id: call.id, failure: isSpoorError(error) ? { code: error.code, details: error.details } : { code: 'internal', details: { reason: reasonOf(error) }, stack } }, []);
  }
}

function post(answer: ThreadAnswer, transfer: readonly ArrayBuffer[]): void {
  parentPort?.postMessage(answer, transfer);
}
