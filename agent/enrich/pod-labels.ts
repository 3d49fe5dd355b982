import { labelSet, type Clock } from '../../src/model/mod.ts';
import type { StreamLabels } from '../buffer/batch.ts';
import type { PodPath } from '../discover/paths.ts';
import { streamNames } from '../parse/record.ts';
import { appOfPodName } from './app-name.ts';

/** Where pods' own labels come from: the Kubernetes API, or nothing. */
export interface PodSource {
  /** The labels of a pod; undefined while it is not known. */
  labelsOf(pod: PodPath): ReadonlyMap<string, string> | undefined;
}

/** Labels of a pod that were decided on. They hold until the pod is gone: a line that is sent again has to be the same line. */
export interface PodDecision {
  readonly labels: Readonly<Record<string, string>>;
  readonly from: 'api' | 'path';
}

export interface PodLabelsOptions {
  /** Labels of every stream. */
  readonly staticLabels: Readonly<Record<string, string>>;
  /** Label name → key of the pod's label that it is taken from. */
  readonly podLabels: Readonly<Record<string, string>>;
  readonly nodeName: string | undefined;
  /** How long the lines of a new pod wait for its metadata. */
  readonly metadataWaitMs: number;
}

/** The pod labels that name an application, best first. */
const appLabelKeys = ['app.kubernetes.io/name', 'app', 'k8s-app'];

/**
 * Decides the labels of each pod once: from the API where it answers in time, else from the path alone. The decision is kept with the positions and is on disk before the
 * first line that uses it is sent, so that a restart, with or without the API, sends the same streams.
 */
export class PodLabels {
  readonly #options: PodLabelsOptions;
  readonly #source: PodSource | null;
  readonly #clock: Clock;
  readonly #decided: Map<string, PodDecision>;
  readonly #waitingSinceMs = new Map<string, number>();
  #generation = 0;

  /** @param decided decisions of earlier runs, by pod UID; the map is added to */
  constructor(options: PodLabelsOptions, source: PodSource | null, clock: Clock, decided: Map<string, PodDecision>) {
    this.#options = options;
    this.#source = source;
    this.#clock = clock;
    this.#decided = decided;
  }

  /** Rises with each decision. */
  get generation(): number {
    return this.#generation;
  }

  /** Decisions that hold, by pod UID. */
  get decided(): ReadonlyMap<string, PodDecision> {
    return this.#decided;
  }

  /** The labels decided for a pod; undefined while its metadata may still come. */
  decide(pod: PodPath): PodDecision | undefined {
    const known = this.#decided.get(pod.uid);
    if (known !== undefined) return known;
    const labels = this.#source?.labelsOf(pod);
    if (labels === undefined && this.#source !== null && this.#mayWait(pod)) return undefined;
    const decision = this.#make(pod, labels);
    this.#waitingSinceMs.delete(pod.uid);
    this.#decided.set(pod.uid, decision);
    this.#generation++;
    return decision;
  }

  /** What the three streams of a container are sent with; undefined while the pod's metadata may still come. */
  streams(pod: PodPath, container: string): readonly [StreamLabels, StreamLabels, StreamLabels] | undefined {
    const decision = this.decide(pod);
    if (decision === undefined) return undefined;
    const [out, error, unparsed] = streamNames.map((stream) => ({
      labels: labelSet([
        ...Object.entries(this.#options.staticLabels),
        ...Object.entries(decision.labels),
        ['namespace', pod.namespace], ['pod', pod.pod], ['container', container], ['stream', stream],
      ]),
    }));
    return [out!, error!, unparsed!];
  }

  /** Forgets a pod whose log directory is gone. */
  forget(uid: string): void {
    this.#decided.delete(uid);
    this.#waitingSinceMs.delete(uid);
  }

  #mayWait(pod: PodPath): boolean {
    const now = this.#clock.monotonicMs();
    const since = this.#waitingSinceMs.get(pod.uid);
    if (since === undefined) this.#waitingSinceMs.set(pod.uid, now);
    return now - (since ?? now) < this.#options.metadataWaitMs;
  }

  #make(pod: PodPath, podLabels: ReadonlyMap<string, string> | undefined): PodDecision {
    const labels: Record<string, string> = Object.create(null) as Record<string, string>;
    for (const [name, key] of Object.entries(this.#options.podLabels)) {
      const value = podLabels?.get(key);
      if (value !== undefined && value !== '') labels[name] = value;
    }
    const app = appLabelKeys.map((key) => podLabels?.get(key) ?? '').find((value) => value !== '');
    labels['app'] ??= app ?? appOfPodName(pod.pod, this.#options.nodeName);
    return { labels, from: podLabels === undefined ? 'path' : 'api' };
  }
}
