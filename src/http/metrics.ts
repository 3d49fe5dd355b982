import { monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { IngestProtocol, PushMetrics, RefusalReason } from '../distributor/mod.ts';
import type { ErrorCode } from '../model/mod.ts';
import { IngestCounters } from './ingest-counters.ts';

/** All metrics of a server process, in a registry of its own. Names begin with `spoor_`. */
export class Metrics implements PushMetrics {
  readonly registry = new Registry();
  readonly #requests: Histogram<'method' | 'route' | 'status_code'>;
  readonly #received: { readonly entries: Counter<'tenant'>; readonly bytes: Counter<'tenant'> };
  readonly #discarded: { readonly entries: Counter<'tenant' | 'reason'>; readonly bytes: Counter<'tenant' | 'reason'> };
  readonly #mutated: Counter<'tenant' | 'reason'>;
  /** What comes in, by protocol. */
  readonly ingest: IngestCounters;
  readonly #queueWait: Histogram<'queue'>;
  readonly #refused: Counter<'queue' | 'limit'>;
  readonly #tailed: Counter<'result'>;
  readonly #eventLoop = monitorEventLoopDelay({ resolution: 20 });

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry, prefix: 'spoor_' });
    this.#requests = new Histogram({
      name: 'spoor_request_duration_seconds',
      help: 'Time to answer HTTP requests',
      labelNames: ['method', 'route', 'status_code'],
      buckets: [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    });
    this.#received = {
      entries: new Counter({ name: 'spoor_distributor_lines_received_total', help: 'Entries pushed, before any check', labelNames: ['tenant'], registers }),
      bytes: new Counter({ name: 'spoor_distributor_bytes_received_total', help: 'Bytes of lines and metadata pushed, before any check', labelNames: ['tenant'], registers }),
    };
    this.#discarded = {
      entries: new Counter({ name: 'spoor_discarded_samples_total', help: 'Entries refused', labelNames: ['tenant', 'reason'], registers }),
      bytes: new Counter({ name: 'spoor_discarded_bytes_total', help: 'Bytes of entries refused', labelNames: ['tenant', 'reason'], registers }),
    };
    this.#mutated = new Counter({ name: 'spoor_mutated_samples_total', help: 'Entries changed', labelNames: ['tenant', 'reason'], registers });
    this.ingest = new IngestCounters(this.registry);
    this.#queueWait = new Histogram({
      name: 'spoor_query_queue_wait_seconds',
      help: 'Time that queries waited for their turn',
      labelNames: ['queue'],
      buckets: [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60],
      registers,
    });
    this.#refused = new Counter({ name: 'spoor_queries_refused_total', help: 'Queries refused because a queue was full', labelNames: ['queue', 'limit'], registers });
    this.#tailed = new Counter({ name: 'spoor_tail_entries_total', help: 'Entries for tails: sent, and dropped because a client was slow', labelNames: ['result'], registers });
    this.#eventLoop.enable();
    this.gauge('spoor_event_loop_delay_p99_seconds', 'Delay of the event loop since the last scrape, 99th percentile', () => {
      const seconds = this.#eventLoop.percentile(99) / 1e9;
      this.#eventLoop.reset();
      return seconds;
    });
  }

  /** Adds a gauge whose value is asked for at each scrape. */
  gauge(name: string, help: string, value: () => number): void {
    this.registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(value());
        },
      }),
    );
  }

  /** Adds a gauge with one label whose values are asked for at each scrape. */
  gauges(name: string, help: string, label: string, values: () => Iterable<readonly [string, number]>): void {
    this.registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: [label],
        registers: [],
        collect() {
          for (const [of, value] of values()) this.set({ [label]: of }, value);
        },
      }),
    );
  }

  request(method: string, route: string, statusCode: number, seconds: number): void {
    this.#requests.observe({ method, route, status_code: String(statusCode) }, seconds);
  }

  queryStarted(queue: string, waitSeconds: number): void {
    this.#queueWait.observe({ queue }, waitSeconds);
  }

  queryRefused(queue: string, limit: string): void {
    this.#refused.inc({ queue, limit });
  }

  tailed(result: 'sent' | 'dropped', entries: number): void {
    this.#tailed.inc({ result }, entries);
  }

  received(tenant: string, protocol: IngestProtocol, entries: number, bytes: number): void {
    this.#received.entries.inc({ tenant }, entries);
    this.#received.bytes.inc({ tenant }, bytes);
    this.ingest.received(protocol, entries, bytes);
  }

  counted(tenant: string, protocol: IngestProtocol, reason: RefusalReason, entries: number, bytes: number): void {
    this.#count(tenant, reason, entries, bytes);
    this.ingest.refusedEntries(protocol, reason, entries);
  }

  /** Counts entries that a decoder refused before the distributor saw them. */
  refusedByDecoder(tenant: string, protocol: IngestProtocol, reason: ErrorCode, entries: number, bytes: number): void {
    this.#count(tenant, reason, entries, bytes);
    this.ingest.refusedEntries(protocol, reason, entries);
  }

  #count(tenant: string, reason: ErrorCode, entries: number, bytes: number): void {
    this.#discarded.entries.inc({ tenant, reason }, entries);
    this.#discarded.bytes.inc({ tenant, reason }, bytes);
  }

  mutated(tenant: string, reason: string, entries: number): void {
    this.#mutated.inc({ tenant, reason }, entries);
  }

  close(): void {
    this.#eventLoop.disable();
  }
}
