import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSpoorError } from '../../src/model/mod.ts';
import { WorkerThreads } from '../../src/server/threads.ts';

let threads: WorkerThreads;
beforeEach(() => {
  threads = new WorkerThreads(new URL('odd-worker.ts', import.meta.url), 2);
});
afterEach(() => threads.close());

async function failureOf(call: Promise<unknown>): Promise<{ code: string; message: string; cause: unknown }> {
  const error = await call.then(
    () => new Error('it succeeded'),
    (caught: unknown) => caught,
  );
  if (!isSpoorError(error)) throw error;
  return { code: error.code, message: error.message, cause: error.cause };
}

describe('WorkerThreads', () => {
  it('gives results back to those who called, whichever thread', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => threads.call<unknown[]>(i % 3, 'echo', [i])));
    expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => [i]));
  });

  it('hands buffers over', async () => {
    const buffer = new Uint8Array([1, 2, 3]).buffer;
    expect(await threads.call(0, 'echo', [buffer], [buffer])).toEqual([new Uint8Array([1, 2, 3]).buffer]);
    expect(buffer.byteLength).toBe(0);
  });

  it('passes coded errors on with their code, and goes on', async () => {
    expect(await failureOf(threads.call(0, 'coded', []))).toEqual({ code: 'corruption', message: 'damaged data in here at offset 5: a test', cause: undefined });
    const failure = await failureOf(threads.call(0, 'failed', []));
    // The stack is for the log, not for the client.
    expect(failure).toMatchObject({ code: 'internal', message: 'internal error: oops', cause: { stack: 'Error: oops\n    at somewhere' } });
    expect(await threads.call(0, 'echo', ['still there'])).toEqual(['still there']);
  });

  it.each([
    ['crash', 'nobody caught this'],
    ['exit', 'a worker thread ended'],
  ])('fails all calls of a thread that dies by %s, and replaces it', async (way, reason) => {
    await threads.call(0, 'echo', []);
    const silent = [threads.call(0, 'silence', []), threads.call(0, 'silence', [])].map(failureOf);
    const killed = failureOf(threads.call(0, way, []));
    for (const failure of await Promise.all([...silent, killed])) expect(failure).toMatchObject({ code: 'internal', message: `internal error: ${reason}` });
    expect(await threads.call(0, 'echo', ['next'])).toEqual(['next']);
    expect(await threads.call(1, 'echo', ['other'])).toEqual(['other']);
  });

  it('fails a call whose arguments cannot cross, and forgets it', async () => {
    await expect(threads.call(0, 'echo', [() => undefined])).rejects.toThrow('could not be cloned');
    expect(await threads.call(0, 'echo', [1])).toEqual([1]);
  });

  it('fails what is under way, and later calls, when it is closed', async () => {
    await threads.call(0, 'echo', []);
    const silent = failureOf(threads.call(0, 'silence', []));
    await threads.close();
    expect((await silent).message).toBe('internal error: a worker thread ended');
    expect((await failureOf(threads.call(0, 'echo', []))).code).toBe('shutting_down');
    expect((await failureOf(threads.call(1, 'echo', []))).code).toBe('shutting_down');
  });

  it('fails each call of a module that does not load, without trying in between', async () => {
    const broken = new WorkerThreads(new URL(['nosuch-worker', 'ts'].join('.'), import.meta.url), 1);
    for (let i = 0; i < 3; i++) expect((await failureOf(broken.call(0, 'echo', []))).message).toContain('nosuch-worker.ts');
    await broken.close();
  });
});
