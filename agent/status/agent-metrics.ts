import type { Clock } from '../../src/model/mod.ts';
import type { CheckpointStore } from '../checkpoint/store.ts';
import type { WatchCounts } from '../discover/watching.ts';
import type { KubernetesPods } from '../enrich/kubernetes/pods.ts';
import type { PipelineCounts } from '../pipeline/pipelines.ts';
import type { ShapeCounts } from '../shape/counts.ts';
import type { DestinationStatus } from '../ship/counts.ts';
import type { TailCounts } from '../tail/figures.ts';
import type { GapLedger } from '../tail/gaps.ts';
import type { ReadCounts } from '../tail/read.ts';
import type { TailedChain } from '../tail/tailer.ts';
import type { ConfigState } from './config-state.ts';
import { containerMetrics } from './container-metrics.ts';
import { destinationMetrics } from './destination-metrics.ts';
import type { EventCounts } from './events.ts';
import { counter, gauge } from './families.ts';
import { flowMetrics } from './flow-metrics.ts';
import type { Metric } from './metrics.ts';

/** Where the figures come from. */
export interface MetricSources {
  readonly read: ReadCounts;
  readonly tail: TailCounts;
  readonly gaps: GapLedger;
  readonly watch: WatchCounts;
  readonly events: EventCounts;
  readonly pipelines: PipelineCounts;
  readonly shape: ShapeCounts;
  readonly destinations: readonly DestinationStatus[];
  /** Lines that no destination takes. */
  readonly unrouted: number;
  readonly chains: ReadonlyMap<string, TailedChain>;
  readonly store: CheckpointStore;
  readonly pods: KubernetesPods | null;
}

/** All metrics of the agent; docs/operate/agent.md lists them. */
export function agentMetrics(sources: MetricSources, config: ConfigState, clock: Clock): Metric[] {
  const { read, tail, gaps, watch, events, pipelines, shape, destinations, unrouted, chains, store, pods } = sources;
  let openFiles = 0;
  for (const { chain } of chains.values()) for (const file of chain.files) if (file.fd !== null) openFiles++;
  const usage = process.cpuUsage();
  return [
    counter('read_bytes_total', 'Bytes of log files that were read.', read.bytes),
    counter('read_records_total', 'Records that were read; a long line is several.', read.records),
    counter('unparsed_records_total', 'Records in neither CRI nor Docker format; they are sent as stream="unparsed".', read.unparsed),
    counter('skipped_records_total', 'Duplicates avoided: records read again after a restart whose lines were delivered before.', read.skipped),
    ...destinationMetrics(destinations),
    counter('unrouted_lines_total', 'Lines that no destination takes.', unrouted),
    ...flowMetrics(pipelines, shape),
    counter('files_opened_total', 'Files that were found.', tail.filesOpened),
    counter('files_finished_total', 'Files that were read to their end for good.', tail.filesFinished),
    counter('files_read_late_total', 'Files found when they had been rotated away already, compressed ones among them.', tail.filesReadLate),
    counter('files_truncated_total', 'Files that were truncated or written anew.', tail.truncations),
    counter('files_damaged_total', 'Compressed files that could be read in part only.', tail.damagedMembers),
    counter('paths_skipped_total', 'Paths under a pattern that are no plain files.', tail.skippedPaths),
    // As the gaps of containers: kept over restarts.
    counter('lost_bytes_total', 'Bytes that were deleted or truncated before they were read, over all runs. Alert on any increase.', gaps.bytes),
    counter('failures_total', 'Failures to list, open, read or write something.', events.failures),
    gauge('open_files', 'Log files that are held open.', openFiles),
    gauge('watched_directories', 'Directories whose changes the system tells.', watch.watched),
    gauge('polled_directories', 'Directories that are looked at instead.', watch.polled),
    counter('watch_failures_total', 'Directories that could not be watched (fs.inotify.max_user_watches).', watch.failures),
    gauge('checkpoint_timestamp_seconds', 'When the checkpoint was last written; 0 is not yet.', store.writtenMs / 1000),
    ...containerMetrics(chains, gaps, store, clock),
    { name: 'process_cpu_seconds_total', type: 'counter', help: 'User and system CPU time.', samples: [{ value: (usage.user + usage.system) / 1e6 }] },
    { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Resident memory.', samples: [{ value: process.memoryUsage.rss() }] },
    ...(pods === null ? [] : kubernetesMetrics(pods)),
    ...configMetrics(config),
  ];
}

function kubernetesMetrics(pods: KubernetesPods): Metric[] {
  return [
    gauge('kubernetes_synced', '1 once pods were listed.', pods.synced ? 1 : 0),
    gauge('kubernetes_pods', 'Pods that are known.', pods.size),
    counter('kubernetes_lists_total', 'Lists of pods.', pods.counts.lists),
    counter('kubernetes_watches_total', 'Watches of pods that were begun.', pods.counts.watches),
    counter('kubernetes_events_total', 'Watch events.', pods.counts.events),
    counter('kubernetes_errors_total', 'Failed lists and watches.', pods.counts.errors),
  ];
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
