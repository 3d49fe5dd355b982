import { expect, test } from 'vitest';
import { Tail } from '../../src/journal/tail.ts';

const held = (tail: Tail): number[] => Array.from({ length: 20 }, (_, position) => position).filter((position) => tail.get(position) !== undefined);

test('holds nothing while nobody reads', () => {
  const tail = new Tail(100);
  tail.add(1, new Uint8Array(10));
  expect(held(tail)).toEqual([]);
  expect(tail.bytes).toBe(0);
});

test('holds what the slowest reader still wants, within its bytes', () => {
  const tail = new Tail(30);
  const slow = { position: 1 };
  const fast = { position: 1 };
  tail.enter(slow);
  tail.enter(fast);
  for (const position of [1, 2, 3]) tail.add(position, new Uint8Array(10));
  expect(held(tail)).toEqual([1, 2, 3]);
  fast.position = 4;
  tail.advanced();
  expect(held(tail)).toEqual([1, 2, 3]);
  slow.position = 2;
  tail.advanced();
  expect(held(tail)).toEqual([2, 3]);
  for (const position of [4, 5]) tail.add(position, new Uint8Array(10));
  expect(held(tail)).toEqual([3, 4, 5]);
  expect(tail.bytes).toBe(30);
  tail.leave(slow);
  expect(held(tail)).toEqual([4, 5]);
  tail.leave(fast);
  expect(held(tail)).toEqual([]);
  expect(tail.bytes).toBe(0);
});

test('a record over the limit is not held, and leaves no gap behind', () => {
  const tail = new Tail(30);
  tail.enter({ position: 1 });
  tail.add(1, new Uint8Array(10));
  tail.add(2, new Uint8Array(31));
  expect(held(tail)).toEqual([]);
  tail.add(3, new Uint8Array(10));
  expect(held(tail)).toEqual([3]);
});

test('waiting ends with a wake or an abort', async () => {
  const tail = new Tail(30);
  const stop = new AbortController();
  const waits = [tail.wait(stop.signal), tail.wait(new AbortController().signal)];
  stop.abort();
  await waits[0];
  tail.wake();
  await waits[1];
  await tail.wait(AbortSignal.abort());
});

test('memory is released once the record is dropped and nobody looks at it', () => {
  const tail = new Tail(30);
  const released: number[] = [];
  const add = (position: number, bytes = 10): void => tail.add(position, new Uint8Array(bytes), () => released.push(position));
  add(1);
  expect(released).toEqual([1]);
  const [slow, fast] = [{ position: 2 }, { position: 2 }];
  tail.enter(slow);
  tail.enter(fast);
  add(2);
  tail.hold(slow, tail.get(2)!);
  tail.hold(fast, tail.get(2)!);
  tail.advance(fast);
  for (const position of [3, 4, 5]) add(position);
  // Dropped for want of room, but still looked at.
  expect(held(tail)).toEqual([3, 4, 5]);
  expect(released).toEqual([1]);
  tail.advance(slow);
  expect(released).toEqual([1, 2]);
  tail.hold(fast, tail.get(3)!);
  add(6, 31);
  expect(released).toEqual([1, 2, 4, 5, 6]);
  tail.leave(fast);
  expect(released).toEqual([1, 2, 4, 5, 6, 3]);
  tail.leave(slow);
  expect(released.length).toBe(6);
});
