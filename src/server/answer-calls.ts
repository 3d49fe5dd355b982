import { parentPort } from 'node:worker_threads';
import { isSpoorError, reasonOf } from '../model/mod.ts';
import type { ThreadAnswer, ThreadCall } from './threads.ts';

/** A result and the buffers in it that are handed over. */
export interface Handed {
  readonly result: unknown;
  readonly transfer: readonly ArrayBuffer[];
}

/** What a thread can be called for. */
export type Methods = Readonly<Record<string, (...args: never[]) => Handed | Promise<Handed>>>;

/** Answers the calls that WorkerThreads sends to this thread, in order, also where one has to wait. */
export function answerCalls(methods: Methods): void {
  let before: Promise<void> = Promise.resolve();
  parentPort?.on('message', (call: ThreadCall) => {
    before = before.then(() => answer(methods, call));
  });
}

async function answer(methods: Methods, call: ThreadCall): Promise<void> {
  try {
    const { result, transfer } = await (methods[call.method] as (...args: readonly unknown[]) => Handed | Promise<Handed>)(...call.args);
    post({ id: call.id, result }, transfer);
  } catch (error) {
    const stack = error instanceof Error ? error.stack : undefined;
    post({ id: call.id, failure: isSpoorError(error) ? { code: error.code, details: error.details } : { code: 'internal', details: { reason: reasonOf(error) }, stack } }, []);
  }
}

function post(message: ThreadAnswer, transfer: readonly ArrayBuffer[]): void {
  parentPort?.postMessage(message, transfer);
}
