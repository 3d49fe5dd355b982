import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { Distributor } from '../distributor/mod.ts';
import { buildApp, Metrics, PushIntake, type GrpcServer, type HttpParts } from '../http/mod.ts';
import { IndexReader, openCatalogue } from '../index/mod.ts';
import { defaultIngesterSettings, Ingester } from '../ingester/mod.ts';
import { openDiskJournal, type DiskJournal } from '../journal/mod.ts';
import { Engine, TenantsSource } from '../logql/mod.ts';
import { reasonOf, systemClock } from '../model/mod.ts';
import { defaultPushBodyLimits } from '../protocols/mod.ts';
import { FieldQuerier, Querier, TenantLabelQuerier } from '../querier/mod.ts';
import type { Configuration } from './config/read.ts';
import type { Settings } from './config/settings.ts';
import { failpointHook, failpointStore, type Failpoint } from './failpoints.ts';
import { openGrpc } from './grpc.ts';
import { ConfiguredLimits } from './limits-source.ts';
import { lockDirectory } from './lock.ts';
import { addObjectGauges, objectDirectory, openObjects } from './objects.ts';
import { OverridesFile } from './overrides-file.ts';
import { Pools } from './pools.ts';
import { printConfiguration } from './print.ts';
import { startSyslogListeners } from './syslog.ts';
import { openQueues } from './queues.ts';

/** A running server process with everything in it. */
export interface RunningServer {
  /** Where it listens: `http://127.0.0.1:3100`. */
  readonly url: string;
  /** The ports of the gRPC server, in the order of `grpc.listen`. */
  readonly grpcPorts: readonly number[];
  /** Ports where it listens for syslog, by transport (tcp, tls, udp). */
  readonly syslogPorts: ReadonlyMap<string, number>;
  /** Takes no more pushes, flushes within the deadline, and closes everything. */
  stop(): Promise<void>;
}

/** Starts `spoor serve`: opens the journal and the objects, replays, and listens. */
export async function startServer(configuration: Configuration, log: Logger, failpoint: Failpoint | null = null): Promise<RunningServer> {
  const { settings } = configuration;
  const dataDirectory = path.resolve(settings.data_dir);
  await mkdir(dataDirectory, { recursive: true });
  const cleanups = new AsyncDisposableStack();
  try {
    const lock = lockDirectory(dataDirectory);
    cleanups.defer(() => lock.release());
    return await startLocked(configuration, dataDirectory, log, failpoint, cleanups);
  } catch (error) {
    await cleanups.disposeAsync();
    throw error;
  }
}

async function startLocked(
  configuration: Configuration,
  dataDirectory: string,
  log: Logger,
  failpoint: Failpoint | null,
  cleanups: AsyncDisposableStack,
): Promise<RunningServer> {
  const { settings } = configuration;
  const clock = systemClock;
  const partitions = settings['ingester.partitions'];
  const objects = await openObjects(settings, dataDirectory, clock, log);
  const store = failpointStore(objects.store, failpoint);
  cleanups.defer(() => store.close());
  const journal = await openDiskJournal({
    directory: path.join(dataDirectory, 'journal'),
    partitions,
    clock,
    fsyncIntervalMs: settings['journal.fsync_interval'],
    fileBytesMax: settings['journal.file_bytes'],
    bytesMax: settings['journal.bytes_max'],
    duplicateWindowMs: settings['journal.duplicate_window'],
  });
  cleanups.defer(() => journal.close());
  const catalogue = await openCatalogue({ store, partitions });
  const pools = new Pools({
    scanThreads: settings['querier.threads'] || availableParallelism(),
    store: objects.cached ?? objects.store,
    directory: objectDirectory(settings, dataDirectory),
    cache: objects.disk?.place ?? null,
    segmentCacheBytes: settings['querier.footer_cache_bytes'],
  });
  cleanups.defer(() => pools.close());
  await pools.begin();
  const ingester = await Ingester.start({
    partitions,
    owner: `process ${process.pid}`,
    journal,
    store,
    catalogue,
    pool: pools,
    settings: {
      ...defaultIngesterSettings,
      flushBytes: settings['ingester.flush_bytes'],
      flushAgeMs: settings['ingester.flush_age'],
      headBytesMax: settings['ingester.head_bytes_max'],
      headBytesPaced: settings['ingester.head_bytes_paced'],
      ...blockSizes(settings['ingester.head_bytes_max'], partitions),
    },
    clock,
    log,
    hook: failpointHook(failpoint),
  });
  cleanups.defer(() => ingester.close());
  const index = new IndexReader({ store, cacheBytesMax: settings['querier.index_cache_bytes'] });
  const querier = new Querier({ snapshots: ingester, index, pool: pools, scanBytesMax: settings['querier.scan_bytes_max'], readAhead: objects.cached === null ? 0 : settings['querier.read_ahead'] });
  const metrics = new Metrics();
  cleanups.defer(() => metrics.close());
  const limits = new ConfiguredLimits(configuration.limits, configuration.overrides);
  if (settings.overrides_file !== '') {
    const overrides = await OverridesFile.open({ path: settings.overrides_file, periodMs: settings.overrides_period, limits, metrics, clock, log });
    cleanups.defer(() => overrides.close());
  }
  const distributor = new Distributor({ partitions, journal, applied: ingester, streams: ingester, gate: ingester, limits, clock, metrics });
  addGauges(metrics, ingester, journal, partitions);
  addObjectGauges(metrics, objects, pools.counts);
  metrics.gauge('spoor_querier_scans', 'Scans under way', () => querier.running);
  metrics.gauge('spoor_querier_units_waiting', 'Units of scans that wait for their turn', () => querier.waiting);
  metrics.gauge('spoor_querier_read_bytes', 'Rows that were read and not looked through yet', () => querier.readBytes);
  const intake = new PushIntake({
    bodyBytesMax: settings['server.body_bytes_max'],
    pushBytesMax: settings['server.push_bytes_max'],
    refusalDelayMaxMs: settings['server.refusal_delay_max'],
    metrics,
    clock,
  });
  const engine = new Engine(new TenantsSource(querier));
  let ready = false;
  const parts: HttpParts = {
    authEnabled: settings.auth_enabled,
    severalTenants: settings.multi_tenant_queries_enabled,
    queues: openQueues(settings, pools.lanes, clock, metrics),
    distributor,
    engine,
    querier,
    labels: new TenantLabelQuerier(ingester, index, settings.multi_tenant_queries_enabled),
    fields: new FieldQuerier(engine, pools),
    limits,
    clock,
    metrics,
    bodyLimits: { ...defaultPushBodyLimits, bodyBytesMax: settings['server.body_bytes_max'], rawBytesMax: settings['server.body_bytes_max'] },
    intake,
    elasticsearch: { version: settings['elasticsearch.version'], tenant: settings['elasticsearch.tenant'] },
    readTimeoutMs: settings['server.read_timeout'],
    flush: () => ingester.flush(),
    ready: async () => {
      try {
        ready ||= await ingester.caughtUp();
        // A full memory refuses pushes for a while; queries go on, so that the process stays ready.
        ingester.checkAlive();
        return ready ? null : 'the journal is being replayed';
      } catch (error) {
        return reasonOf(error);
      }
    },
    configuration: printConfiguration(configuration),
    version: { version: await packageVersion(), revision: '' },
    pageDirectory: path.join(root, 'ui'),
  };
  const app = await buildApp(parts, log);
  const grpc = await openGrpc(settings, parts, log);
  cleanups.defer(async () => grpc?.close(AbortSignal.abort()));
  const syslog = await startSyslogListeners(settings, { distributor, limits, clock, metrics, log });
  cleanups.defer(async () => syslog?.stop(AbortSignal.abort()));
  const url = await listen(app, settings.listen);
  log.info({ url, grpc: grpc?.ports ?? [], dataDirectory, storage: settings['storage.type'] }, 'spoor is listening');
  const stopAll = async (): Promise<void> => {
    // First, while the store takes things in: senders of syslog have no answer, and would not send again.
    await syslog?.stop(AbortSignal.timeout(settings['server.shutdown_deadline'] / 2));
    await stop(app, grpc, ingester, settings, log, cleanups);
  };
  const syslogPorts = new Map(Array.from(syslog?.addresses ?? [], ([transport, { port }]) => [transport, port] as const));
  return { url, grpcPorts: grpc?.ports ?? [], syslogPorts, stop: stopAll };
}

/** Time that running answers have to end where the flush has used up the deadline. */
const closeMsMin = 1000;

async function stop(app: FastifyInstance, grpc: GrpcServer | null, ingester: Ingester, settings: Settings, log: Logger, cleanups: AsyncDisposableStack): Promise<void> {
  ingester.refusePushes();
  const until = systemClock.monotonicMs() + settings['server.shutdown_deadline'];
  const deadline = AbortSignal.timeout(settings['server.shutdown_deadline']);
  const late = new Promise<'late'>((resolve) => deadline.addEventListener('abort', () => resolve('late'), { once: true }));
  const flushed = await Promise.race([ingester.flush().then(() => 'flushed' as const, (error: unknown) => ({ error })), late]);
  // Nothing is lost: what was not flushed is in the journal and is replayed at the next start.
  if (flushed === 'late') log.warn('the flush was not done within server.shutdown_deadline; the rest stays in the journal');
  else if (flushed !== 'flushed') log.warn({ reason: reasonOf(flushed.error) }, 'the flush failed; the rest stays in the journal');
  // Answers whose clients do not let them end are broken off.
  const breakOff = setTimeout(() => app.server.closeAllConnections(), Math.max(closeMsMin, until - systemClock.monotonicMs()));
  await Promise.all([app.close(), grpc?.close(AbortSignal.timeout(Math.max(closeMsMin, Math.round(until - systemClock.monotonicMs()))))]);
  clearTimeout(breakOff);
  await cleanups.disposeAsync();
  log.info('stopped');
}

async function listen(app: FastifyInstance, address: string): Promise<string> {
  const { host, port } = parseListen(address);
  return app.listen({ host, port });
}

/** `host:port`, `[::1]:3100` or `:3100`. */
function parseListen(address: string): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  return { host: host === '' ? '0.0.0.0' : host, port: Number(address.slice(at + 1)) };
}

/** Each partition has a block that it fills, and one or more that are being flushed: where memory is short or partitions are many, smaller ones. */
function blockSizes(headBytesMax: number, partitions: number): { readonly blockBytes: number; readonly blockRows: number } {
  const { blockBytes, blockRows } = defaultIngesterSettings;
  const share = Math.min(1, Math.max(1 / 64, headBytesMax / (8 * partitions * blockBytes)));
  return { blockBytes: Math.round(blockBytes * share), blockRows: Math.round(blockRows * share) };
}

function addGauges(metrics: Metrics, ingester: Ingester, journal: DiskJournal, partitions: number): void {
  metrics.gauge('spoor_ingester_head_bytes', 'Bytes of lines and metadata in the heads', () => ingester.stats().headBytes);
  metrics.gauge('spoor_ingester_head_memory_bytes', 'Memory of the heads', () => ingester.stats().headMemoryBytes);
  metrics.gauge('spoor_ingester_head_rows', 'Entries in the heads', () => ingester.stats().headRows);
  metrics.gauge('spoor_ingester_streams', 'Streams in the heads', () => ingester.stats().streams);
  const journalBytes = new Map<number, number>();
  metrics.gauges('spoor_journal_bytes', 'Size of the journal', 'partition', () => {
    for (let partition = 0; partition < partitions; partition++) {
      journal.bounds(partition).then(({ bytes }) => journalBytes.set(partition, bytes), () => undefined);
    }
    return [...journalBytes].map(([partition, bytes]) => [String(partition), bytes] as const);
  });
}

/** The folder that holds package.json and ui: the checkout's, or dist of the published package. */
const root = path.resolve(import.meta.dirname, '../..');

async function packageVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { version: string };
  return version;
}
