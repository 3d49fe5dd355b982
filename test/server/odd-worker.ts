import { parentPort } from 'node:worker_threads';
import { SpoorError } from '../../src/model/mod.ts';
import type { ThreadAnswer, ThreadCall } from '../../src/server/threads.ts';

/** A worker thread that answers, fails, dies or says nothing, as it is told to. */
parentPort?.on('message', ({ id, method, args }: ThreadCall) => {
  const post = (answer: ThreadAnswer): void => {
    parentPort?.postMessage(answer, []);
  };
  const error = new SpoorError('corruption', { where: 'here', offset: 5, reason: 'a test' });
  switch (method) {
    case 'echo':
      return post({ id, result: args });
    case 'coded':
      return post({ id, failure: { code: error.code, details: error.details } });
    case 'failed':
      return post({ id, failure: { code: 'internal', details: { reason: 'oops' }, stack: 'Error: oops\n    at somewhere' } });
    case 'crash':
      throw new TypeError('nobody caught this');
    case 'exit':
      return process.exit(3);
    default:
  }
});
