import type { FlushHook } from '../ingester/mod.ts';
import type { ObjectStore } from '../objects/mod.ts';

/**
 * Crash tests name a place at which the process kills itself, as a power cut would: a step of a flush (`segment_put`, `manifest_put`, `committed`, …), or `upload` for the
 * middle of a segment's upload. `name:3` is the third time that the place is reached.
 */
export interface Failpoint {
  readonly place: string;
  readonly times: number;
}

export function parseFailpoint(text: string): Failpoint | null {
  if (text === '') return null;
  const [place = '', times = '1'] = text.split(':');
  return { place, times: Number(times) };
}

/** Kills the process when the step is reached. */
export function failpointHook(failpoint: Failpoint | null): FlushHook {
  let left = failpoint?.times ?? 0;
  return (step) => {
    if (step === failpoint?.place && --left === 0) process.kill(process.pid, 'SIGKILL');
  };
}

/** How long an upload runs before the failpoint `upload` strikes. */
const uploadMs = 2;

/** The store, with the failpoint `upload` if it is asked for. */
export function failpointStore<Store extends ObjectStore>(store: Store, failpoint: Failpoint | null): Store {
  if (failpoint?.place !== 'upload') return store;
  let left = failpoint.times;
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'put') return value.bind(target) as unknown;
      return (key: string, data: Uint8Array): Promise<void> => {
        if (key.startsWith('segments/') && --left === 0) setTimeout(() => process.kill(process.pid, 'SIGKILL'), uploadMs);
        return target.put(key, data);
      };
    },
  });
}
