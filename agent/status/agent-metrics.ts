import { fstatSync } from 'node:fs';
import type { Clock } from '../../src/model/mod.ts';
import type { CheckpointStore } from '../checkpoint/store.ts';
import type { KubernetesPods } from '../enrich/kubernetes/pods.ts';
import type { DestinationStatus } from '../ship/counts.ts';
import type { ReadCounts } from '../tail/read.ts';
import type { TailedChain } from '../tail/tailer.ts';
import type { ConfigState } from './config-state.ts';
import { destinationMetrics } from './destination-metrics.ts';
import type { EventCounts } from './events.ts';
import type { Metric } from './metrics.ts';

/** Where the figures come from. */
export interface MetricSources {
  readonly read: ReadCounts;
  readonly events: EventCounts;
  readonly destinations: readonly DestinationStatus[];
  /** Lines that no destination takes. */
  readonly unrouted: number;
  readonly chains: ReadonlyMap<string, TailedChain>;
  readonly store: CheckpointStore;
  readonly pods: KubernetesPods | null;
}

/** All metrics of the agent; docs/operate/agent.md lists them. */
export function agentMetrics(sources: MetricSources, config: ConfigState, clock: Clock): Metric[] {
  const { read, events, destinations, unrouted, chains, store, pods } = sources;
  let openFiles = 0;
  for (const { chain } of chains.values()) for (const file of chain.files) if (file.fd !== null) openFiles++;
  const usage = process.cpuUsage();
  const behind = lags(chains, store, clock);
  const metrics: Metric[] = [
    counter('read_bytes_total', 'Bytes of log files that were read.', read.bytes),
    counter('read_records_total', 'Records that were read; a long line is several.', read.records),
    counter('unparsed_records_total', 'Records in neither CRI nor Docker format; they are sent as stream="unparsed".', read.unparsed),
    ...destinationMetrics(destinations),
    counter('unrouted_lines_total', 'Lines that no destination takes.', unrouted),
    counter('files_opened_total', 'Files that were found.', events.opened),
    counter('files_finished_total', 'Files that were read to their end for good.', events.finished),
    counter('files_truncated_total', 'Files that were truncated or written anew.', events.truncated),
    counter('lost_bytes_total', 'Bytes known of that were deleted or truncated before they were read.', events.lostBytes),
    counter('failures_total', 'Failures to list, open, read or write something.', events.failures),
    gauge('open_files', 'Log files that are held open.', openFiles),
    gauge('checkpoint_timestamp_seconds', 'When the checkpoint was last written; 0 is not yet.', store.writtenMs / 1000),
    { name: 'spoor_agent_behind_bytes', type: 'gauge', help: 'Bytes on disk that the server has not acknowledged.', samples: behind.map(({ labels, bytes }) => ({ labels, value: bytes })) },
    { name: 'spoor_agent_behind_seconds', type: 'gauge', help: 'Age of the newest acknowledged line, while bytes wait; 0 where none do.', samples: behind.map(({ labels, seconds }) => ({ labels, value: seconds })) },
    { name: 'process_cpu_seconds_total', type: 'counter', help: 'User and system CPU time.', samples: [{ value: (usage.user + usage.system) / 1e6 }] },
    { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Resident memory.', samples: [{ value: process.memoryUsage.rss() }] },
  ];
  if (pods !== null) {
    metrics.push(
      gauge('kubernetes_synced', '1 once pods were listed.', pods.synced ? 1 : 0),
      gauge('kubernetes_pods', 'Pods that are known.', pods.size),
      counter('kubernetes_lists_total', 'Lists of pods.', pods.counts.lists),
      counter('kubernetes_watches_total', 'Watches of pods that were begun.', pods.counts.watches),
      counter('kubernetes_events_total', 'Watch events.', pods.counts.events),
      counter('kubernetes_errors_total', 'Failed lists and watches.', pods.counts.errors),
    );
  }
  metrics.push(...configMetrics(config));
  return metrics;
}

function configMetrics(config: ConfigState): Metric[] {
  const last = config.lastReload;
  return [
    { name: 'spoor_agent_config_info', type: 'gauge', help: 'Always 1; the label is the version of the settings in use, a hash of them.', samples: [{ labels: { version: config.version }, value: 1 }] },
    gauge('config_loaded_timestamp_seconds', 'When the settings in use were taken.', config.loadedMs / 1000),
    counter('config_reloads_total', 'Changes of the settings that were taken.', config.reloads),
    counter('config_reload_failures_total', 'Changes of the settings that were refused; the log says why.', config.failures),
    gauge('config_last_reload_successful', '0 while the last change of the settings was refused.', last?.ok === false ? 0 : 1),
    gauge('config_last_reload_pause_seconds', 'For how long nothing was read during the last change.', (last?.pauseMs ?? 0) / 1000),
  ];
}

function counter(name: string, help: string, value: number): Metric {
  return { name: `spoor_agent_${name}`, type: 'counter', help, samples: [{ value }] };
}

function gauge(name: string, help: string, value: number): Metric {
  return { name: `spoor_agent_${name}`, type: 'gauge', help, samples: [{ value }] };
}

/** How far a container is behind. */
interface Lag {
  readonly labels: { readonly namespace: string; readonly pod: string; readonly container: string };
  /** Bytes on disk that the server has not acknowledged. */
  bytes: number;
  /** Age of the newest line that it has, while bytes wait. */
  seconds: number;
}

function lags(chains: ReadonlyMap<string, TailedChain>, store: CheckpointStore, clock: Clock): Lag[] {
  const nowMs = clock.nowMs();
  const byContainer = new Map<string, Lag>();
  for (const { chain } of chains.values()) {
    const { namespace, pod } = chain.pod;
    const key = `${namespace}/${pod}/${chain.container}`;
    let lag = byContainer.get(key);
    if (lag === undefined) byContainer.set(key, (lag = { labels: { namespace, pod, container: chain.container }, bytes: 0, seconds: 0 }));
    let newestMs = 0;
    let bytes = 0;
    for (const file of chain.files) {
      const size = file.fd === null || file.gzip ? file.size : fstatSync(file.fd).size;
      const position = store.positionOf(file);
      bytes += Math.max(0, size - Math.min(...(position?.offsets ?? file.skip)));
      const last = position?.lastTime ?? file.resumedTime;
      if (last !== null) newestMs = Math.max(newestMs, last.seconds * 1000 + last.nanos / 1e6);
    }
    if (bytes === 0) continue;
    // Of a container that nothing was delivered of, its oldest file tells since when.
    if (newestMs === 0) newestMs = Math.min(nowMs, ...chain.files.map((file) => file.modifiedMs).filter((ms) => ms > 0));
    lag.bytes += bytes;
    lag.seconds = Math.max(lag.seconds, (nowMs - newestMs) / 1000);
  }
  return Array.from(byContainer.values());
}
