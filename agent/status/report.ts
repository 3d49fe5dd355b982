import type { DestinationStatus } from '../ship/counts.ts';
import type { ConfigState, ReloadResult } from './config-state.ts';
import { destinationLabel, type Metric, type Sample } from './metrics.ts';

/** Figures by name, as /metrics has them, less `spoor_agent_`, `_total` and the labels that say whose they are; figures with further labels by those. */
export type Figures = Readonly<Record<string, number | Readonly<Record<string, number>>>>;

/** What /status shows. Every figure is one of /metrics; here they stand together by container and by destination. */
export interface StatusReport {
  readonly node: string | null;
  readonly timeMs: number;
  readonly config: {
    readonly file: string | null;
    readonly version: string;
    readonly loaded: string;
    readonly reloads: number;
    readonly failures: number;
    readonly lastReload: (Omit<ReloadResult, 'timeMs'> & { readonly time: string }) | null;
  };
  readonly ready: boolean;
  /** What is missing, where it is not ready. */
  readonly notReady: string | null;
  readonly totals: Figures;
  readonly destinations: readonly DestinationReport[];
  /** Those that are furthest behind first. */
  readonly containers: readonly ContainerReport[];
}

/** A destination, and why its last request failed, if one ever did. */
export interface DestinationReport {
  readonly name: string;
  readonly type: string;
  readonly to: string;
  readonly required: boolean;
  readonly lastError: { readonly time: string; readonly reason: string } | null;
  readonly figures: Figures;
}

/** A container, or a log that belongs to none and has a path. */
export interface ContainerReport {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly path: string | null;
  readonly figures: Figures;
}

/** Puts metrics together by container and destination. */
export function statusReport(metrics: Iterable<Metric>, config: ConfigState, nodeName: string | undefined, notReady: string | null, nowMs: number, known: readonly DestinationStatus[]): StatusReport {
  const totals = new Map<string, Cell>();
  const destinations = new Map<string, Map<string, Cell>>();
  const containers = new Map<string, { readonly sample: Sample; readonly figures: Map<string, Cell> }>();
  for (const { name, samples } of metrics) {
    const figure = name.replace(/^spoor_agent_/, '').replace(/_total$/, '');
    for (const sample of samples) {
      const { namespace, pod, container, path, [destinationLabel]: destination, ...rest } = sample.labels ?? {};
      const detail = Object.values(rest).join(' ');
      if (pod !== undefined || path !== undefined) {
        const key = path ?? `${namespace}/${pod}/${container}`;
        let known = containers.get(key);
        if (known === undefined) containers.set(key, (known = { sample, figures: new Map() }));
        put(known.figures, figure.replace(/^container_/, ''), detail, sample.value);
      } else if (destination !== undefined) {
        let known = destinations.get(destination);
        if (known === undefined) destinations.set(destination, (known = new Map()));
        put(known, figure.replace(/^destination_/, ''), detail, sample.value);
      } else {
        put(totals, figure, detail, sample.value);
      }
    }
  }
  const last = config.lastReload;
  return {
    node: nodeName ?? null,
    timeMs: nowMs,
    config: {
      file: config.file, version: config.version, loaded: new Date(config.loadedMs).toISOString(), reloads: config.reloads, failures: config.failures,
      lastReload: last === null ? null : { ok: last.ok, time: new Date(last.timeMs).toISOString(), reason: last.reason, pauseMs: last.pauseMs },
    },
    ready: notReady === null,
    notReady,
    totals: plain(totals),
    destinations: known.map(({ name, type, to, required, lastError }) => ({
      name, type, to, required, figures: plain(destinations.get(name) ?? new Map()),
      lastError: lastError === null ? null : { time: new Date(lastError.timeMs).toISOString(), reason: lastError.reason },
    })),
    containers: Array.from(containers.values(), ({ sample: { labels }, figures }) => ({
      namespace: labels?.['namespace'] ?? '', pod: labels?.['pod'] ?? '', container: labels?.['container'] ?? '', path: labels?.['path'] ?? null, figures: plain(figures),
    })).toSorted((a, b) => numberOf(b.figures['behind_bytes']) - numberOf(a.figures['behind_bytes'])),
  };
}

type Cell = number | Map<string, number>;

function put(figures: Map<string, Cell>, name: string, detail: string, value: number): void {
  if (detail === '') {
    figures.set(name, value);
    return;
  }
  const known = figures.get(name);
  if (known instanceof Map) known.set(detail, (known.get(detail) ?? 0) + value);
  else figures.set(name, new Map([[detail, value]]));
}

function plain(figures: ReadonlyMap<string, Cell>): Figures {
  return Object.fromEntries(Array.from(figures, ([name, cell]) => [name, typeof cell === 'number' ? cell : Object.fromEntries(cell)]));
}

/** A figure as a number; the sum of its parts where it has some. */
export function numberOf(figure: Figures[string] | undefined): number {
  if (figure === undefined) return 0;
  return typeof figure === 'number' ? figure : Object.values(figure).reduce((sum, value) => sum + value, 0);
}
