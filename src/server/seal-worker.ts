import { seal, type SealTask } from '../ingester/mod.ts';
import { answerCalls } from './answer-calls.ts';

/** The thread that encodes heads as segments. */
answerCalls({
  /** Loads the thread, so that the first flush need not wait for it. */
  begin: () => ({ result: null, transfer: [] }),
  seal: async (task: SealTask) => {
    const result = await seal(task);
    return { result, transfer: [...result.segments, ...result.indexes].flatMap(({ data }) => wholeBuffer(data)) };
  },
});

function wholeBuffer(data: Uint8Array): ArrayBuffer[] {
  return data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength ? [data.buffer] : [];
}
