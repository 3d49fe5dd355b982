import { expect, test } from 'vitest';
import { workerUrl } from '../../src/model/mod.ts';

test('a worker stands beside its caller, in the form in which the caller runs', () => {
  expect(workerUrl('file:///spoor/src/chunks/pool.ts', './worker').href).toBe('file:///spoor/src/chunks/worker.ts');
  expect(workerUrl('file:///spoor/dist/src/chunks/pool.js', './worker').href).toBe('file:///spoor/dist/src/chunks/worker.js');
});
