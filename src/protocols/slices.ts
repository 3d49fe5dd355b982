import { systemClock, type Clock } from '../model/mod.ts';

/** Longest run of a decoder on the event loop before others get their turn, in milliseconds. */
const sliceMs = 5;

/**
 * Runs a generator to its end in slices: after each `yield` that finds its slice used up, waiting I/O and timers get their turn. The generator yields
 * every fraction of a millisecond or so. Throws what it throws, and the reason of `signal` when that aborts.
 */
export async function runInSlices<T>(work: Generator<void, T>, signal?: AbortSignal, clock: Clock = systemClock): Promise<T> {
  let sliceEnd = clock.monotonicMs() + sliceMs;
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (clock.monotonicMs() < sliceEnd) continue;
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    signal?.throwIfAborted();
    sliceEnd = clock.monotonicMs() + sliceMs;
  }
}
