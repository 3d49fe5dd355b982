import type { Clock } from '../src/model/mod.ts';
import { PodLog, type Rotation } from './pod-log.ts';
import { Random } from './random.ts';
import { makeRequest, type Event, type Request } from './requests.ts';
import { formats, services, type ServiceName } from './services.ts';

/** How busy the shop is. */
export interface WorkloadOptions {
  /** Folder of the pods' logs, as `/var/log/pods`. */
  readonly podsDir: string;
  readonly clock: Clock;
  readonly seed: number;
  readonly requestsPerSecond: number;
  readonly rotation: Rotation;
}

/** A shop of a few services that call one another and write what they do into container log files. */
export class Workload {
  readonly #options: WorkloadOptions;
  readonly #random: Random;
  readonly #logs = new Map<ServiceName, PodLog[]>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #lines = 0;
  #requests = 0;
  #lastNs = 0n;

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    // The pods are the same ones at every start.
    const names = new Random(7);
    for (const { name, namespace, replicas } of services) {
      const set = names.suffix(9);
      const logs = Array.from({ length: replicas }, () => {
        const uid = `${names.hex(8)}-${names.hex(4)}-4${names.hex(3)}-8${names.hex(3)}-${names.hex(12)}`;
        return new PodLog(options.podsDir, { namespace, pod: `${name}-${set}-${names.suffix(5)}`, uid, container: name }, options.rotation);
      });
      this.#logs.set(name, logs);
    }
  }

  /** Lines written so far. */
  get lines(): number {
    return this.#lines;
  }

  /** Requests begun so far. */
  get requests(): number {
    return this.#requests;
  }

  /**
   * Writes what the shop did in the last `seconds`.
   * @returns the requests, oldest first
   */
  writePast(seconds: number): Request[] {
    const nowMs = this.#options.clock.nowMs();
    const requests: Request[] = [];
    const events: { readonly timeMs: number; readonly event: Event }[] = [];
    for (let ms = nowMs - seconds * 1000; ms < nowMs - 10_000; ms += this.#waitMs()) {
      const request = makeRequest(this.#random);
      requests.push(request);
      for (const event of request.events) events.push({ timeMs: ms + event.atMs, event });
    }
    for (const { timeMs, event } of events.sort((a, b) => a.timeMs - b.timeMs)) this.#write(timeMs, event);
    this.#requests += requests.length;
    return requests;
  }

  /** Goes on until stop(). */
  start(): void {
    this.#later(this.#waitMs(), () => {
      this.#requests++;
      for (const event of makeRequest(this.#random).events) this.#later(event.atMs, () => this.#write(this.#options.clock.nowMs(), event));
      this.start();
    });
  }

  /** Stops at once; requests under way stay unfinished. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const log of Array.from(this.#logs.values()).flat()) log.close();
    this.#logs.clear();
  }

  #waitMs(): number {
    return this.#random.exponential(1000 / this.#options.requestsPerSecond);
  }

  #later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }

  #write(timeMs: number, { service, replica, remark }: Event): void {
    const logs = this.#logs.get(service) ?? [];
    const ns = BigInt(Math.trunc(timeMs * 1000)) * 1000n + BigInt(this.#random.int(0, 999));
    // What happened one after another in the same millisecond has its times in that order too: a trace tells it by them.
    const soonestNs = this.#lastNs + BigInt(this.#random.int(20_000, 90_000));
    const timeNs = ns > soonestNs ? ns : soonestNs;
    this.#lastNs = timeNs;
    const text = formats[service]({ ...remark, timeNs });
    logs[replica % logs.length]?.write(timeNs, remark.level === 'error' ? 'stderr' : 'stdout', text);
    this.#lines += text.split('\n').length;
  }
}
