import { systemClock, type Clock } from '../model/mod.ts';

/** Longest run of a decoder on the event loop before others get their turn, in milliseconds. */
const sliceMs = 5;

/** Works whose slice is used up, in the order in which they go on. */
const waiting: (() => void)[] = [];

/**
 * Resolves when it is a work's turn to go on. Only one does in each round of the event loop, so that however many long works there are, short ones and I/O wait for one slice and
 * not for one of each.
 */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(goOn);
  });
}

function goOn(): void {
  waiting[0]!();
  waiting.shift();
  if (waiting.length > 0) setImmediate(goOn);
}

/**
 * Runs a generator to its end in slices: after each `yield` that finds its slice used up, waiting I/O, timers and other works get their turn. The generator yields
 * every fraction of a millisecond or so. Throws what it throws, and the reason of `signal` when that aborts.
 */
export async function runInSlices<T>(work: Generator<void, T>, signal?: AbortSignal, clock: Clock = systemClock): Promise<T> {
  let sliceEnd = clock.monotonicMs() + sliceMs;
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (clock.monotonicMs() < sliceEnd) continue;
    await nextTurn();
    signal?.throwIfAborted();
    sliceEnd = clock.monotonicMs() + sliceMs;
  }
}
