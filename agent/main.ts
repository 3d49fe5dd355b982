import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { reasonOf, type Clock } from '../src/model/mod.ts';
import { Delivery } from './buffer/delivery.ts';
import { Canary, canaryDefaults, canaryUid } from './canary/canary.ts';
import { canaryStreams } from './canary/streams.ts';
import { CheckpointStore, type LoadedCheckpoint } from './checkpoint/store.ts';
import type { Environment } from './config/environment.ts';
import { destinationsOf } from './config/destinations.ts';
import type { AgentOptions } from './config/schema.ts';
import { Discovery, type DiscoveryEvents } from './discover/discovery.ts';
import { Sources } from './discover/sources.ts';
import { inClusterAccess, type KubernetesAccess } from './enrich/kubernetes/access.ts';
import { KubernetesPods } from './enrich/kubernetes/pods.ts';
import { podLabelsOptionsOf, podsOptionsOf } from './enrich/options.ts';
import { fileKeyPrefix, PodLabels } from './enrich/pod-labels.ts';
import { buildPipeline, noStages } from './pipeline/build.ts';
import { pipelinesOptionsOf } from './pipeline/options.ts';
import { Pipelines } from './pipeline/pipelines.ts';
import { Renewal } from './pipeline/renewal.ts';
import { routeOf } from './route/router.ts';
import { compileMatchers } from './route/selector.ts';
import { openDestination, strayBuffers } from './ship/create.ts';
import type { Destination } from './ship/destination.ts';
import type { MetricSources } from './status/agent-metrics.ts';
import { AgentEvents } from './status/events.ts';
import { ChainSet, uidOfChain } from './tail/chains.ts';
import { tailFigures, type TailFigures } from './tail/figures.ts';
import { BlockReader } from './tail/read.ts';
import { Tailer } from './tail/tailer.ts';

/** Room for a record's time, stream and tag beside the longest line. */
const recordHeadBytes = 4096;
const blockBytesMin = 256 * 1024;
const aliveMs = 60_000;
const soonMs = 100;

/**
 * One agent with one set of settings: finds container logs, reads them, sends them, and remembers what the server has. What outlives a change of settings (the lock on
 * the state directory, the status endpoint) belongs to supervise.ts, which makes the next Agent from the checkpoint that this one leaves.
 */
export class Agent {
  readonly #options: AgentOptions;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #events: AgentEvents;
  readonly #pods: KubernetesPods | null;
  readonly #labels: PodLabels;
  readonly #store: CheckpointStore;
  readonly #delivery: Delivery;
  readonly #destinations: readonly Destination[];
  readonly #pipelines: Pipelines;
  readonly #renewal: Renewal;
  readonly #reader: BlockReader;
  readonly #chains: ChainSet;
  readonly #discovery: Discovery | null;
  readonly #sources: Sources;
  readonly #canary: { readonly writer: Canary | null; readonly discovery: Discovery } | null;
  readonly #tailer: Tailer;
  readonly #loaded: LoadedCheckpoint;
  readonly #reading: () => void;
  readonly #ended = new AbortController();
  #fromEnd: boolean;
  #scanned = false;
  #soon: NodeJS.Timeout | null = null;
  /** When the checkpoint was last looked after, monotonic clock. */
  #keptMs: number;

  /** @param reading called once when the first scan is complete and files are read */
  constructor(options: AgentOptions, loaded: LoadedCheckpoint, log: Logger, clock: Clock, environment: Environment, reading: () => void = () => undefined) {
    const { read } = options;
    this.#options = options;
    this.#log = log;
    this.#clock = clock;
    this.#loaded = loaded;
    this.#reading = reading;
    this.#keptMs = clock.monotonicMs();
    this.#fromEnd = read.start_at === 'end' && loaded.fresh;
    const events = new AgentEvents(log, clock);
    this.#events = events;
    this.#pods = kubernetesPods(options, environment, log, clock);
    const decided = new Map(loaded.content.pods);
    this.#labels = new PodLabels(podLabelsOptionsOf(options), this.#pods, clock, decided, (pod, label) =>
      log.warn({ namespace: pod.namespace, pod: pod.pod, label, values: options.fields.label_values_max }, 'a label from a field has too many values; further ones are structured metadata'));
    const store = new CheckpointStore(options.state_dir, clock, loaded.content, decided);
    this.#store = store;
    const blockBytes = Math.max(blockBytesMin, read.line_size_max + recordHeadBytes);
    const configs = destinationsOf(options);
    const opened = configs.map((config) => openDestination(config, {
      stateDir: options.state_dir, blockBytes, log, clock,
      prepare: (batch) => this.#labelsDurable(batch.labelsGeneration),
      atRisk: () => this.#delivery.anyAtRisk(this.#chains.chains.values()),
      changed: () => this.#delivery.settle(),
      failed: (path, error) => events.failed(path, error),
    }));
    for (const path of strayBuffers(options.state_dir, configs)) log.error({ path }, 'a disk buffer holds lines of a destination that is not configured; configure it again, or delete the directory');
    this.#destinations = opened.map(({ destination }) => destination);
    const rules = configs.map(({ settings }) => ({ match: settings.match?.map(compileMatchers) ?? [] }));
    this.#delivery = new Delivery(
      {
        feeds: opened.map(({ feed }) => feed), route: ({ labels }) => routeOf(rules, options.routing, labels),
        confirm: ({ chain, file, position }) => {
          store.delivered(chain, file, position);
          if (file.unlinked || this.#chains.chains.get(chain)?.chain.files.at(-1) !== file) this.#writeSoon();
        },
        confirmed: (file) => Math.min(...(store.positionOf(file)?.offsets ?? file.skip)),
        labelsGeneration: () => this.#labels.generation, ageMaxMs: options.batch.wait_max,
      },
      clock,
    );
    this.#pipelines = new Pipelines(pipelinesOptionsOf(options), {
      labels: this.#labels, sink: this.#delivery.sink, log, clock, stateDir: options.state_dir, failed: (path, error) => events.failed(path, error),
    });
    for (const warning of this.#pipelines.warnings) log.warn(warning);
    this.#sources = new Sources(options, {
      chains: () => this.#chains, failed: (path, error) => events.failed(path, error), firstStart: () => loaded.fresh && !this.#scanned,
      deliveredTo: (file) => Math.min(...(store.positionOf(file)?.offsets ?? file.skip)),
    }, log, clock);
    const { counts, gaps } = this.#sources;
    this.#reader = new BlockReader(blockBytes, this.#sources.readTimes);
    this.#chains = new ChainSet(
      read.line_size_max,
      {
        claim: (chain) => store.claim(chain),
        adopt: (chain, files) => store.adopt(chain, files),
        pipelineFor: (pod, container, chain) => {
          // The canary proves the way: nothing that drops or changes lines has a say in it.
          if (pod.uid === canaryUid) return buildPipeline({ pod, container, chain, streams: canaryStreams(options.node_name ?? hostname(), options.cluster) }, noStages, this.#delivery.sink);
          return this.#pipelines.forContainer(pod, container, chain);
        },
        filePipelineFor: (origin, format, chain) => this.#pipelines.forFiles(origin, format, chain),
        relist: (name) => {
          if (!this.#sources.relist(name)) this.#discovery?.relist(name);
        },
        podForgotten: (uid) => {
          this.#labels.forget(uid);
          store.podsChanged(0);
        },
      },
      {
        opened: (file, resumed, chain, late) => {
          counts.filesOpened++;
          if (late) counts.filesReadLate++;
          if (chain.origin !== null) this.#sources.readTimes.claim(file);
          // Known from now on, so that what rotation deletes of it while no agent runs is counted.
          if (store.positionOf(file) === undefined) store.delivered(chain.name, file, chain.positionOf(file));
          events.opened(file, resumed);
        },
        gone: (file, lostBytes, chain) => {
          const counted = gaps.add(chain, file, lostBytes);
          store.forget(file);
          events.gone(file.path, counted ? lostBytes : 0);
        },
        truncated: (file, lostBytes, chain) => {
          counts.truncations++;
          events.truncated(file, gaps.add(chain, file, lostBytes) ? lostBytes : 0);
        },
        failed: (path, error) => events.failed(path, error),
      },
    );
    this.#renewal = new Renewal({
      pods: () => this.#chains.pods(), changed: (pod) => this.#labels.annotationsChanged(pod), held: (uid) => this.#chains.isHeld(uid), flush: (uid) => this.#chains.flush(uid),
      pause: (uid) => this.#chains.pause(uid), delivered: (uid) => this.#chains.isDelivered(uid, (file) => store.positionOf(file)),
      renew: (pod) => {
        this.#labels.redecide(pod);
        this.#chains.renew(pod.uid);
      },
    }, clock);
    const found: DiscoveryEvents = {
      container: (pod, container, name, runs, complete) => this.#chains.container(pod, container, name, runs, this.#fromEnd && pod.uid !== canaryUid, complete),
      changed: (name) => this.#chains.changed(name),
      containerGone: (name) => this.#chains.containerGone(name),
      podGone: (uid) => this.#chains.podGone(uid),
      failed: (path, error) => events.failed(path, error),
    };
    const { scan_interval: scanIntervalMs, poll_interval: pollIntervalMs } = read;
    const { watching } = this.#sources;
    this.#discovery = options.pods_dir === false
      ? null
      : new Discovery({ podsDir: options.pods_dir, scanIntervalMs, pollIntervalMs, watching, optional: options.files.length > 0 || options.stdin !== undefined }, found, clock);
    const canaryDir = join(options.state_dir, 'canary');
    const { canary } = options;
    if (canary.enabled) mkdirSync(canaryDir, { recursive: true, mode: 0o700 });
    // Switched off, its files are known all the same: what is left of them is sent, and nothing again when it is switched on.
    this.#canary = existsSync(canaryDir)
      ? {
          writer: canary.enabled ? new Canary({ dir: canaryDir, intervalMs: canary.interval, ...canaryDefaults }, clock, (path, error) => events.failed(path, error)) : null,
          discovery: new Discovery({ podsDir: canaryDir, scanIntervalMs, pollIntervalMs, watching, optional: false }, found, clock),
        }
      : null;
    this.#tailer = new Tailer(
      this.#chains.chains, this.#reader, this.#delivery,
      { readIntervalMs: read.interval, pollIntervalMs: read.poll_interval, rotateWaitMs: read.rotate_wait, temporaryDir: options.state_dir },
      {
        finished: (file) => {
          counts.filesFinished++;
          events.finished(file);
        },
        damaged: (file, error) => {
          counts.damagedMembers++;
          events.damaged(file, error);
        },
        failed: (path, error) => events.failed(path, error),
      },
      clock,
    );
  }

  /** Null once the first scan is complete: everything that is on the disk is known. Else what is missing. */
  get notReady(): string | null {
    return this.#scanned ? null : 'the first scan is not complete';
  }

  /** Null while the agent looks after its checkpoint; a disk that does not answer, or a defect, ends that. */
  get notAlive(): string | null {
    const silentMs = this.#clock.monotonicMs() - this.#keptMs;
    return silentMs < aliveMs + this.#options.checkpoint_interval * 2 ? null : `the checkpoint was not looked after for ${Math.round(silentMs / 1000)} s`;
  }

  /** What /metrics and /status tell of it. */
  get sources(): MetricSources {
    return {
      read: this.#reader.counts, tail: this.#sources.counts, gaps: this.#sources.gaps, watch: this.#sources.watching.counts, events: this.#events.counts,
      pipelines: this.#pipelines.counts, shape: this.#pipelines.shaping.counts, destinations: this.#destinations.map((destination) => destination.status), unrouted: this.#delivery.unrouted,
      chains: this.#chains.chains, store: this.#store, pods: this.#pods,
    };
  }

  /** Figures of reading: files, gaps, lag per container. */
  get tail(): TailFigures {
    const { counts, gaps, watching } = this.#sources;
    return tailFigures({ counts, gaps, watch: watching.counts, chains: this.#chains.chains, multiline: this.#pipelines.counts.multiline });
  }

  /** Runs until the signal; resolves when what was in flight is delivered or the shutdown timeout has passed, and the checkpoint is written. Once only. */
  async run(stop: AbortSignal): Promise<void> {
    // Standard input may end before anyone asks to stop.
    const signal = AbortSignal.any([stop, this.#ended.signal]);
    for (const damage of this.#loaded.damage) this.#log.error({ code: damage.code }, damage.message);
    removeLeftovers(this.#options.state_dir);
    this.#log.info({ pods: this.#options.pods_dir, to: this.#destinations.map((destination) => destination.status.to).join(' '), knownFiles: this.#loaded.content.files.size, kubernetes: this.#pods !== null }, 'agent started');
    const shipping = new AbortController();
    const keeping = new AbortController();
    const wake = (): void => this.#delivery.wake();
    signal.addEventListener('abort', wake);
    shipping.signal.addEventListener('abort', wake);
    try {
      const senders = this.#destinations.map((destination) => destination.run(shipping.signal));
      const keeper = this.#keep(keeping.signal);
      const following = this.#pods?.run(signal);
      await this.#firstScan(signal);
      this.#reading();
      await Promise.all([this.#discovery?.run(signal), this.#sources.run(signal), this.#tailer.run(signal), following, this.#canary?.writer?.run(signal), this.#canary?.discovery.run(signal)]);
      this.#delivery.seal();
      await this.#drain();
      shipping.abort();
      await Promise.all(senders);
      for (const destination of this.#destinations) await destination.rescue();
      keeping.abort();
      await keeper;
      await this.#write();
    } finally {
      shipping.abort();
      keeping.abort();
      if (this.#soon !== null) clearTimeout(this.#soon);
      signal.removeEventListener('abort', wake);
      this.#discovery?.close();
      this.#sources.close();
      this.#canary?.discovery.close();
      this.#chains.close();
      this.#pipelines.close();
      for (const destination of this.#destinations) await destination.close();
    }
    this.#log.info({ sent: this.#destinations.reduce((sum, { counts }) => sum + counts.sent, 0), undelivered: this.#delivery.undelivered(false) }, 'agent stopped');
  }

  /** Whether standard input was all there is to read, and all of it is delivered. */
  get #nothingMoreComes(): boolean {
    return this.#discovery === null && this.#options.files.length === 0 && this.#sources.stdinDrained;
  }

  /** Scans until it succeeds once; then whatever an earlier run knew and was not found is gone. */
  async #firstScan(signal: AbortSignal): Promise<void> {
    await this.#canary?.discovery.scan();
    while (!signal.aborted && this.#discovery !== null && !(await this.#discovery.scan())) {
      await sleep(this.#options.read.poll_interval, undefined, { signal }).catch(() => undefined);
    }
    await this.#sources.scan();
    if (signal.aborted) return;
    const pods = new Set<string>();
    for (const name of this.#chains.chains.keys()) pods.add(uidOfChain(name) ?? '');
    for (const [chain, files] of Array.from(this.#store.unclaimed)) {
      for (const file of files) {
        const lost = Math.max(0, file.size - Math.min(...file.position.offsets));
        this.#events.gone(`${chain} (${file.path})`, this.#sources.gaps.addUnclaimed(chain, file, lost) ? lost : 0);
      }
      this.#store.dropUnclaimed(chain);
    }
    for (const uid of this.#labels.decided.keys()) if (!pods.has(uid) && !uid.startsWith(fileKeyPrefix)) this.#chains.podGone(uid);
    this.#sources.readTimes.forgetEarlier();
    this.#fromEnd = false;
    this.#scanned = true;
  }

  /** Writes the checkpoint and sweeps, at intervals, until the signal. */
  async #keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#options.checkpoint_interval, undefined, { signal }).catch(() => undefined);
      this.#chains.sweep(this.#options.read.deleted_size_max);
      this.#sources.keep();
      this.#pipelines.shaping.tick();
      this.#renewal.step();
      if (this.#chains.refreshSizes()) this.#store.podsChanged(0);
      if (this.#nothingMoreComes) this.#ended.abort();
      await this.#write();
      this.#keptMs = this.#clock.monotonicMs();
    }
  }

  /**
   * Writes the checkpoint before its interval is over. For what is delivered of a file that rotation may delete next: were the agent killed before it is written, the file would count as a gap,
   * and nobody could read it again to find out.
   */
  #writeSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = null;
      void this.#write();
    }, soonMs);
  }

  async #write(): Promise<void> {
    try {
      await this.#store.write();
    } catch (error) {
      this.#events.failed(this.#options.state_dir, error);
    }
  }

  /** Labels come to disk before the first line that has them is sent; where the disk does not take them, lines matter more than that. */
  async #labelsDurable(generation: number): Promise<void> {
    this.#store.podsChanged(generation);
    try {
      await this.#store.durable(generation);
    } catch (error) {
      this.#events.failed(this.#options.state_dir, error);
    }
  }

  /** Waits until everything is delivered, at most for the shutdown timeout. */
  async #drain(): Promise<void> {
    await this.#delivery.drain(this.#options.shutdown_timeout);
    const batches = this.#delivery.undelivered(false);
    if (batches > 0) this.#log.warn({ batches }, 'stopped before everything was delivered; it is sent after the next start');
  }
}

function kubernetesPods(options: AgentOptions, environment: Environment, log: Logger, clock: Clock): KubernetesPods | null {
  const { enabled, url, token, token_file: tokenFile, ca_file: caFile, insecure_skip_verify: insecureSkipVerify } = options.kubernetes;
  if (enabled === false) return null;
  const access: KubernetesAccess | undefined = url === undefined ? inClusterAccess(environment) : { url, token, tokenFile, caFile, insecureSkipVerify };
  if (access === undefined || options.node_name === undefined) {
    if (enabled === true) log.error('kubernetes.enabled, but this is no pod (KUBERNETES_SERVICE_HOST is not set) and kubernetes.url is not given; labels come from paths');
    else if (access !== undefined) log.warn('no node_name is set: the Kubernetes API is not asked, labels come from paths');
    return null;
  }
  return new KubernetesPods(access, options.node_name, log, clock, podsOptionsOf(options));
}

/** Removes what a killed agent left in its state directory. */
function removeLeftovers(dir: string): void {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    try {
      if (/^member-\d+-\d+\.log$/.test(name) && statSync(path).isFile()) rmSync(path);
    } catch (error) {
      throw new Error(`${path}: ${reasonOf(error)}`, { cause: error });
    }
  }
}
