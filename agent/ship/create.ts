import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../src/model/mod.ts';
import { BatchPool, type Batch } from '../buffer/batch.ts';
import { DestinationQueue } from '../buffer/destination-queue.ts';
import { DiskBuffer } from '../buffer/disk/disk-buffer.ts';
import { Feed } from '../buffer/feed.ts';
import type { Destination as DestinationConfig } from '../config/destinations.ts';
import { FileArchive } from './archive/file.ts';
import { S3Archive } from './archive/s3.ts';
import { StdoutSender } from './archive/stdout.ts';
import { newDestinationCounts, type DestinationCounts } from './counts.ts';
import { Destination } from './destination.ts';
import { bulkPath, BulkSender } from './elasticsearch/sender.ts';
import { HttpTarget, withPath } from './http-target.ts';
import { lokiPath, LokiSender } from './loki/sender.ts';
import { OtlpSender, otlpPath } from './otlp/sender.ts';
import type { Sender } from './outcome.ts';
import { RejectedFile } from './rejected.ts';

/** What destinations ask of those around them. */
export interface DestinationSurroundings {
  readonly stateDir: string;
  /** Most that one block of a file adds to a batch that is not full. */
  readonly blockBytes: number;
  readonly log: Logger;
  readonly clock: Clock;
  /** Resolves when the labels that a batch uses are on disk. */
  prepare(batch: Batch): Promise<void>;
  /** Whether a log file may be gone before its lines are delivered. */
  atRisk(): boolean;
  /** Something about the queue changed. */
  changed(): void;
  /** Something failed and is tried again. */
  failed(path: string, error: unknown): void;
}

/** A destination and what fills its batches. */
export interface OpenDestination {
  readonly destination: Destination;
  readonly feed: Feed;
}

/** Opens a destination with its disk buffer. Throws `format_version` for a buffer that a newer spoor wrote, and where the buffer's directory cannot be used. */
export function openDestination(config: DestinationConfig, around: DestinationSurroundings): OpenDestination {
  const { settings, batch, retry } = config;
  const { name, type, required, tenant, buffer: bufferSettings } = settings;
  const { stateDir, log, clock } = around;
  const pool = new BatchPool(batch.size_max + around.blockBytes, poolMax);
  const counts = newDestinationCounts();
  const dir = bufferSettings.dir === undefined ? join(stateDir, 'buffer', name) : join(bufferSettings.dir, name);
  const buffer = bufferSettings.when === 'never' ? null : new DiskBuffer(
    { dir, bytesMax: bufferSettings.size_max, segmentBytesMax: Math.min(16 * 2 ** 20, Math.ceil(bufferSettings.size_max / 8)) },
    {
      damaged: (error, rows, bytes) => {
        counts.bufferDamagedLines += rows;
        counts.bufferDamagedBytes += bytes;
        log.error({ destination: name, code: error.code, lines: rows, bytes }, error.message);
      },
      failed: (path, error) => around.failed(path, error),
    },
    clock,
  );
  const queue: DestinationQueue = new DestinationQueue(
    { bytesMax: batch.queue_size_max, when: bufferSettings.when, required, stuckMs: bufferSettings.after }, pool, buffer, clock,
    () => {
      around.changed();
      destination.wake();
    },
    (rows) => {
      counts.dropped += rows;
    },
  );
  const destination: Destination = new Destination(
    { name, type, required, tenant, backoff: { minMs: retry.wait_min, maxMs: retry.wait_max }, senders: makeSenders(config, counts, clock) }, queue, counts,
    new RejectedFile(join(stateDir, 'rejected', `${name}.ndjson`), settings.rejected_size_max, () => clock.nowMs()),
    { prepare: (sealed) => around.prepare(sealed), atRisk: () => around.atRisk() }, log, clock,
  );
  return { destination, feed: new Feed({ name, required, queue, limits: { bytesMax: batch.size_max, ageMaxMs: batch.wait_max } }, pool, clock) };
}

/** Disk buffers below the state directory that hold lines of destinations which are not configured any more. */
export function strayBuffers(stateDir: string, destinations: readonly DestinationConfig[]): string[] {
  const root = join(stateDir, 'buffer');
  if (!existsSync(root)) return [];
  const known = new Set(destinations.filter(({ settings }) => settings.buffer.dir === undefined && settings.buffer.when !== 'never').map(({ settings }) => settings.name));
  return readdirSync(root).filter((name) => !known.has(name)).map((name) => join(root, name)).filter((path) => readdirSync(path).some((name) => name.endsWith('.buffer')));
}

/** Empty batches that a destination keeps. */
const poolMax = 4;

function makeSenders(config: DestinationConfig, counts: DestinationCounts, clock: Clock): Sender[] {
  const { settings, batch, retry } = config;
  const { type, file, s3 } = settings;
  if (type === 'stdout') return [new StdoutSender(process.stdout, counts)];
  if (type === 'file') {
    if (file === undefined) throw new Error('a destination of type file without file');
    const { path, format, rotate_size: rotateBytes, rotate_after: rotateMs, keep, gzip } = file;
    return [new FileArchive({ path, format, rotateBytes, rotateMs, keep, gzip }, counts, clock)];
  }
  if (type === 's3') {
    if (s3 === undefined) throw new Error('a destination of type s3 without s3');
    const { bucket, prefix, labels, endpoint, region, force_path_style: forcePathStyle, access_key_id: accessKeyId, secret_access_key_file: secretAccessKeyFile } = s3;
    return [new S3Archive({ bucket, prefix, labels, endpoint, region, forcePathStyle, accessKeyId, secretAccessKeyFile, timeoutMs: retry.timeout }, counts)];
  }
  const target = new HttpTarget({
    url: targetUrl(type, settings.url ?? ''), username: settings.auth.username, passwordFile: settings.auth.password_file, bearerTokenFile: settings.auth.bearer_token_file,
    apiKeyFile: settings.auth.api_key_file, caFile: settings.tls.ca_file, certFile: settings.tls.cert_file, keyFile: settings.tls.key_file,
    insecureSkipVerify: settings.tls.insecure_skip_verify, headers: settings.headers, timeoutMs: retry.timeout, connections: batch.requests_max,
  });
  const nowMs = (): number => clock.nowMs();
  return Array.from({ length: batch.requests_max }, () => {
    if (type === 'loki') return new LokiSender(target, counts, nowMs);
    return type === 'otlp' ? new OtlpSender(target, counts, nowMs) : new BulkSender(target, counts, nowMs, settings.index);
  });
}

/** Where requests go: the path of the protocol is added, for OTLP only to a URL without a path. */
function targetUrl(type: 'loki' | 'otlp' | 'elasticsearch', base: string): URL {
  if (type === 'loki') return withPath(base, lokiPath);
  if (type === 'elasticsearch') return withPath(base, bulkPath);
  return new URL(base).pathname === '/' ? withPath(base, otlpPath) : new URL(base);
}
