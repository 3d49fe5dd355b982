import { entriesOf, openTail, whyRefused } from './api.js';
import { keyOf } from './entry.js';

const rememberedMax = 5000;

/** A live tail that comes back after breaks. Calls back with new entries, the state of the connection, and what went wrong for good. */
export class Live {
  #options;
  #callbacks;
  #socket;
  #timer;
  #stopped = false;
  #newestNs;
  #seen = new Set();
  #waitMs = 500;

  /**
   * @param options `{ query, startNs, limit }`
   * @param callbacks `{ onEntries(entries), onState('connecting' | 'open' | 'broken'), onGap(), onError(text) }`
   */
  constructor(options, callbacks) {
    this.#options = options;
    this.#callbacks = callbacks;
    this.#connect();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }

  #connect() {
    const again = this.#newestNs !== undefined;
    let opened = false;
    let first = again;
    this.#callbacks.onState('connecting');
    const socket = openTail({ ...this.#options, startNs: this.#newestNs ?? this.#options.startNs });
    this.#socket = socket;
    socket.onopen = () => {
      opened = true;
      if (!this.#stopped) this.#callbacks.onState('open');
    };
    socket.onmessage = ({ data }) => {
      if (this.#stopped) return;
      this.#waitMs = 500;
      const frame = JSON.parse(data);
      const entries = entriesOf(frame.streams);
      const fresh = entries.filter((entry) => this.#isNew(entry));
      // The server sends what we missed, the newest `limit` lines of it: if nothing of it is known, something may be missing.
      if ((first && entries.length >= this.#options.limit && fresh.length === entries.length) || (frame.dropped_entries ?? []).length > 0) this.#callbacks.onGap();
      first = false;
      if (fresh.length > 0) this.#callbacks.onEntries(fresh);
    };
    socket.onclose = async ({ code, reason }) => {
      if (this.#stopped) return;
      this.#callbacks.onState('broken');
      const why = opened && code !== 1008 ? undefined : (reason || (await whyRefused(this.#options.query)));
      if (this.#stopped) return;
      if (why !== undefined && why !== 'The server cannot be reached.') {
        this.#stopped = true;
        this.#callbacks.onError(why);
        return;
      }
      this.#timer = setTimeout(() => this.#connect(), this.#waitMs);
      this.#waitMs = Math.min(this.#waitMs * 2, 10_000);
    };
  }

  #isNew(entry) {
    const key = keyOf(entry);
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    if (this.#seen.size > rememberedMax) this.#seen.delete(this.#seen.values().next().value);
    if (this.#newestNs === undefined || entry.ns > this.#newestNs) this.#newestNs = entry.ns;
    return true;
  }
}
