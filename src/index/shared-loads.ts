/**
 * Makes those who want the same thing at the same time wait for one load of it. The load is called off when the last of them gives up.
 */
export class SharedLoads<V> {
  readonly #running = new Map<string, { readonly promise: Promise<V>; readonly controller: AbortController; waiting: number }>();

  /** Throws the reason of `signal` when that aborts first. */
  async run(key: string, signal: AbortSignal, load: (signal: AbortSignal) => Promise<V>): Promise<V> {
    signal.throwIfAborted();
    let running = this.#running.get(key);
    if (running === undefined) {
      const controller = new AbortController();
      const promise = load(controller.signal).finally(() => {
        if (this.#running.get(key)?.controller === controller) this.#running.delete(key);
      });
      // Nobody may be left to see it fail.
      promise.catch(() => undefined);
      running = { promise, controller, waiting: 0 };
      this.#running.set(key, running);
    }
    const shared = running;
    shared.waiting++;
    let onAbort: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort);
    });
    try {
      return await Promise.race([shared.promise, aborted]);
    } finally {
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
      shared.waiting--;
      if (shared.waiting === 0) {
        if (this.#running.get(key) === shared) this.#running.delete(key);
        shared.controller.abort(signal.reason);
      }
    }
  }
}
