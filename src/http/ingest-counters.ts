import { Counter, type Registry } from 'prom-client';
import { ingestProtocols, type IngestProtocol } from '../distributor/mod.ts';
import type { ErrorCode } from '../model/mod.ts';

/**
 * Counters of what comes in, by protocol (docs/operate/ingest.md). Entries and bytes are counted by the distributor, which is told the protocol with each push; HTTP routes are
 * counted by `ingestScope`. Ways in without HTTP call `request` once for each request, and `refusedRequest` where one failed as a whole.
 */
export class IngestCounters {
  readonly #requests: Counter<'protocol' | 'status_code'>;
  readonly #bodyBytes: Counter<'protocol'>;
  readonly #entries: Counter<'protocol'>;
  readonly #bytes: Counter<'protocol'>;
  readonly #refusedEntries: Counter<'protocol' | 'reason'>;
  readonly #refusedRequests: Counter<'protocol' | 'reason'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'spoor_ingest_requests_total', help: 'Requests that bring entries (syslog: messages read at once), answered with a status', labelNames: ['protocol', 'status_code'], registers,
    });
    this.#bodyBytes = new Counter({ name: 'spoor_ingest_body_bytes_total', help: 'Bytes of those requests as they arrived', labelNames: ['protocol'], registers });
    this.#entries = new Counter({ name: 'spoor_ingest_entries_total', help: 'Entries decoded, before any check', labelNames: ['protocol'], registers });
    this.#bytes = new Counter({ name: 'spoor_ingest_bytes_total', help: 'Bytes of lines and metadata decoded, before any check', labelNames: ['protocol'], registers });
    this.#refusedEntries = new Counter({ name: 'spoor_ingest_refused_entries_total', help: 'Entries refused, by error code', labelNames: ['protocol', 'reason'], registers });
    this.#refusedRequests = new Counter({ name: 'spoor_ingest_refused_requests_total', help: 'Requests of which nothing could be taken, by error code', labelNames: ['protocol', 'reason'], registers });
    // All protocols are there from the start, so that rates over them are right.
    for (const protocol of ingestProtocols) for (const counter of [this.#bodyBytes, this.#entries, this.#bytes]) counter.inc({ protocol }, 0);
  }

  /** A request was answered; `status` is HTTP's, or a gRPC code by its name. */
  request(protocol: IngestProtocol, status: number | string): void {
    this.#requests.inc({ protocol, status_code: String(status) });
  }

  /** So many bytes of requests arrived. */
  body(protocol: IngestProtocol, bytes: number): void {
    this.#bodyBytes.inc({ protocol }, bytes);
  }

  /** A request failed as a whole. */
  refusedRequest(protocol: IngestProtocol, reason: ErrorCode): void {
    this.#refusedRequests.inc({ protocol, reason });
  }

  /** Entries were decoded. The distributor says so. */
  received(protocol: IngestProtocol, entries: number, bytes: number): void {
    this.#entries.inc({ protocol }, entries);
    this.#bytes.inc({ protocol }, bytes);
  }

  /** Entries were refused one by one. The distributor says so, and `Metrics.refusedByDecoder`. */
  refusedEntries(protocol: IngestProtocol, reason: ErrorCode, entries: number): void {
    this.#refusedEntries.inc({ protocol, reason }, entries);
  }
}
