import { expect, test } from 'vitest';
import { BufferPool } from '../../src/bytes/mod.ts';

test('a buffer is used again for what fits it', () => {
  const pool = new BufferPool(2 ** 20);
  const first = pool.take(100_000);
  expect(first.length).toBeGreaterThanOrEqual(100_000);
  expect(first.length).toBeLessThanOrEqual(125_000);
  expect([first.byteOffset, first.buffer.byteLength]).toEqual([0, first.length]);
  pool.give(first);
  expect(pool.bytes).toBe(first.length);
  expect(pool.take(99_000)).toBe(first);
  expect(pool.bytes).toBe(0);
  expect(pool.take(99_000)).not.toBe(first);
});

test('no more than its limit lies unused, and nothing small', () => {
  const pool = new BufferPool(300_000);
  const buffers = Array.from({ length: 3 }, () => pool.take(131_072));
  for (const buffer of buffers) pool.give(buffer);
  expect(pool.bytes).toBe(262_144);
  const small = pool.take(100);
  expect(small.length).toBe(100);
  pool.give(small);
  expect(pool.bytes).toBe(262_144);
  expect(pool.take(0).length).toBe(0);
});

test('every length is served', () => {
  const pool = new BufferPool(0);
  for (let bytes = 1; bytes < 2 ** 22; bytes = Math.ceil(bytes * 1.3)) for (const length of [bytes - 1, bytes]) expect(pool.take(length).length).toBeGreaterThanOrEqual(length);
});
