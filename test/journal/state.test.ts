import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeState, encodeState, freshState, readState, StateFile } from '../../src/journal/state.ts';
import { expectDamageFound } from './damage.ts';
import { ForgetfulDisk, randomFrom } from './forgetful-files.ts';

const position = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const state = fc.record({ epoch: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), committed: position, trimmedTo: position, next: position });

test('a state file comes back as it was, and with any byte wrong or missing is `corruption`', () => {
  fc.assert(
    fc.property(state, fc.nat(), fc.integer({ min: 1, max: 255 }), (state, at, change) => {
      const bytes = encodeState(state);
      expect(decodeState(bytes, 'state')).toEqual(state);
      expectDamageFound((bytes) => decodeState(bytes, 'state'), bytes, at, change);
    }),
  );
});

test('random bytes are `corruption`', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(() => decodeState(bytes, 'state')).toThrow(expect.objectContaining({ code: 'corruption' }));
    }),
  );
});

test('changes are made one after another, and one that fails changes nothing', async () => {
  const disk = new ForgetfulDisk(randomFrom(1));
  const fs = disk.mount();
  await fs.makeDirectory('/p');
  expect(await readState(fs, '/p')).toBeUndefined();
  const file = new StateFile(fs, '/p', freshState);
  await Promise.all(Array.from({ length: 5 }, () => file.update((state) => ({ ...state, epoch: state.epoch + 1n }))));
  expect(file.state.epoch).toBe(5n);
  disk.beforeChange = () => {
    throw new Error('EIO');
  };
  await expect(file.update((state) => ({ ...state, epoch: 9n }))).rejects.toMatchObject({ code: 'journal_write' });
  expect(file.state.epoch).toBe(5n);
  disk.crash();
  expect((await readState(disk.mount(), '/p'))?.epoch).toBe(5n);
});
