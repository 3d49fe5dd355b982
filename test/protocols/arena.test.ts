import { expect, it } from 'vitest';
import { Arena } from '../../src/protocols/arena.ts';

it('grows, keeps positions, and stops at its limit', () => {
  const arena = new Arena(16, 1000, () => new Error('too much'));
  const places = Array.from({ length: 90 }, (_, i) => [arena.append(Buffer.from(`text ${i}`)), `text ${i}`] as const);
  for (const [start, text] of places) expect(arena.bytes.toString('latin1', start, start + text.length)).toBe(text);
  const { used } = arena;
  arena.reserve(1000 - used);
  expect(arena.used).toBe(used);
  expect(() => arena.reserve(1001 - used)).toThrow('too much');
  expect(() => arena.append(Buffer.alloc(1001 - used))).toThrow('too much');
});

it('hands its memory on when it is released', () => {
  const first = new Arena(100_000, 1e6, () => new Error('too much'));
  const memory = first.bytes;
  first.release();
  expect(first.bytes.length).toBe(0);
  expect(new Arena(100_000, 1e6, () => new Error('too much')).bytes).toBe(memory);
  first.release();
});
