import { labelSet, type Clock } from '../../src/model/mod.ts';
import type { StreamLabels } from '../buffer/batch.ts';
import type { PodPath } from '../discover/paths.ts';
import { PodLabelValues, type KeptValues, type LabelValues } from '../fields/label-values.ts';
import type { MetadataPair } from '../fields/metadata.ts';
import { streamNames } from '../parse/record.ts';
import { ownAnnotations } from './annotations.ts';
import { appOfPodName } from './app-name.ts';
import { workloadOf, type PodInfo } from './pod.ts';

/** Where pods' own labels come from: the Kubernetes API, or nothing. */
export interface PodSource {
  /** What is known of a pod; undefined while it is not. */
  infoOf(pod: PodPath): PodInfo | undefined;
}

/** What was decided on a pod. It holds until the pod is gone: a line that is sent again has to be the same line. */
export interface PodDecision {
  readonly labels: Readonly<Record<string, string>>;
  readonly from: 'api' | 'path';
  /** Metadata of its lines, by name; `container_image` by container: see images. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Container → image, where it is metadata. */
  readonly images?: Readonly<Record<string, string>> | undefined;
  /** Its `spoor.dev/…` annotations. They alone may be decided on anew while the pod lives: see redecide. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Values that labels from fields have had, by label. */
  readonly values?: Readonly<Record<string, readonly string[]>> | undefined;
}

export interface PodLabelsOptions {
  /** Labels of every stream. */
  readonly staticLabels: Readonly<Record<string, string>>;
  /** Label name → key of the pod's label that it is taken from. */
  readonly podLabels: Readonly<Record<string, string>>;
  /** Label name → key of the pod's annotation. */
  readonly podAnnotations?: Readonly<Record<string, string>>;
  readonly nodeName: string | undefined;
  /** How long the lines of a new pod wait for its metadata. */
  readonly metadataWaitMs: number;
  /** Facts that are labels: `node`, `workload`, `workload_kind`. */
  readonly factLabels?: readonly string[];
  /** Metadata name → fact, `label:KEY` or `annotation:KEY`. */
  readonly factMetadata?: Readonly<Record<string, string>>;
  /** Values that one pod's labels from fields may have, each. */
  readonly labelValuesMax?: number;
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
  readonly #values = new Map<string, PodLabelValues>();
  readonly #valuesFull: (pod: PodPath, label: string) => void;
  #generation = 0;

  /**
   * @param decided decisions of earlier runs, by pod UID; the map is added to
   * @param valuesFull told once for each label of a pod that takes no more values
   */
  constructor(options: PodLabelsOptions, source: PodSource | null, clock: Clock, decided: Map<string, PodDecision>, valuesFull: (pod: PodPath, label: string) => void = () => undefined) {
    this.#options = options;
    this.#source = source;
    this.#clock = clock;
    this.#decided = decided;
    this.#valuesFull = valuesFull;
  }

  /** Rises with each decision. */
  get generation(): number {
    return this.#generation;
  }

  /** Decisions that hold, by pod UID. */
  get decided(): ReadonlyMap<string, PodDecision> {
    return this.#decided;
  }

  /** What is decided on a pod; undefined while its metadata may still come. */
  decide(pod: PodPath): PodDecision | undefined {
    const known = this.#decided.get(pod.uid);
    if (known !== undefined) return known;
    const info = this.#source?.infoOf(pod);
    if (info === undefined && this.#source !== null && this.#mayWait(pod)) return undefined;
    const decision = this.#make(pod, info);
    this.#waitingSinceMs.delete(pod.uid);
    this.#put(pod.uid, decision);
    return decision;
  }

  /** Whether the pod's annotations are others now than those that were decided on. */
  annotationsChanged(pod: PodPath): boolean {
    const decision = this.#decided.get(pod.uid);
    const info = decision === undefined ? undefined : this.#source?.infoOf(pod);
    if (decision === undefined || info === undefined) return false;
    const now = ownAnnotations(info.annotations);
    const before = decision.annotations ?? {};
    const keys = Object.keys(now);
    return keys.length !== Object.keys(before).length || keys.some((key) => now[key] !== before[key]);
  }

  /** Decides on the annotations of a pod anew. Only when all of its lines that were read before are delivered: else some would be sent again as other lines. */
  redecide(pod: PodPath): void {
    const decision = this.#decided.get(pod.uid);
    const info = this.#source?.infoOf(pod);
    if (decision !== undefined && info !== undefined) this.#put(pod.uid, { ...decision, annotations: ownAnnotations(info.annotations) });
  }

  /** What the three streams of a container are sent with; undefined while the pod's metadata may still come. */
  streams(pod: PodPath, container: string, tenant?: string): readonly [StreamLabels, StreamLabels, StreamLabels] | undefined {
    const decision = this.decide(pod);
    if (decision === undefined) return undefined;
    const [out, error, unparsed] = streamNames.map((stream) => ({
      labels: labelSet([
        ...Object.entries(this.#options.staticLabels),
        ...Object.entries(decision.labels),
        ['namespace', pod.namespace], ['pod', pod.pod], ['container', container], ['stream', stream],
      ]),
      ...(tenant === undefined ? {} : { tenant }),
    }));
    return [out!, error!, unparsed!];
  }

  /** Metadata of all lines of a container. */
  facts(pod: PodPath, container: string): MetadataPair[] {
    const decision = this.#decided.get(pod.uid);
    const pairs = Object.entries(decision?.metadata ?? {}).map(([name, value]) => ({ name, value }));
    const image = decision?.images?.[container];
    for (const [name, source] of Object.entries(this.#options.factMetadata ?? {})) if (source === 'image' && image !== undefined) pairs.push({ name, value: image });
    return pairs;
  }

  /** The values that labels from fields may have, for the files of one entry of the setting `files`. They are kept as those of pods are. */
  fileValues(source: string): LabelValues {
    const pod = { namespace: '', pod: source, uid: fileKeyPrefix + source };
    if (!this.#decided.has(pod.uid)) this.#put(pod.uid, { labels: {}, from: 'path' });
    return this.values(pod);
  }

  /** The values that labels from fields may have, for the containers of a pod that is decided on. */
  values(pod: PodPath): LabelValues {
    let values = this.#values.get(pod.uid);
    if (values === undefined) {
      const kept: KeptValues = new Map(Object.entries(this.#decided.get(pod.uid)?.values ?? {}).map(([label, list]) => [label, new Set(list)]));
      const changed = (): void => {
        const decision = this.#decided.get(pod.uid);
        if (decision !== undefined) this.#put(pod.uid, { ...decision, values: Object.fromEntries(Array.from(kept, ([label, set]) => [label, Array.from(set)])) });
      };
      values = new PodLabelValues(kept, this.#options.labelValuesMax ?? labelValuesMax, changed, (label) => this.#valuesFull(pod, label));
      this.#values.set(pod.uid, values);
    }
    return values;
  }

  /** Forgets a pod whose log directory is gone. */
  forget(uid: string): void {
    this.#decided.delete(uid);
    this.#values.delete(uid);
    this.#waitingSinceMs.delete(uid);
  }

  #put(uid: string, decision: PodDecision): void {
    this.#decided.set(uid, decision);
    this.#generation++;
  }

  #mayWait(pod: PodPath): boolean {
    const now = this.#clock.monotonicMs();
    const since = this.#waitingSinceMs.get(pod.uid);
    if (since === undefined) this.#waitingSinceMs.set(pod.uid, now);
    return now - (since ?? now) < this.#options.metadataWaitMs;
  }

  #make(pod: PodPath, info: PodInfo | undefined): PodDecision {
    const { podLabels, podAnnotations = {}, nodeName, factLabels = [], factMetadata = {} } = this.#options;
    const workload = workloadOf(pod.pod, info, nodeName);
    const valueOf = (source: string): string => {
      if (source.startsWith('label:')) return info?.labels.get(source.slice('label:'.length)) ?? '';
      if (source.startsWith('annotation:')) return info?.annotations.get(source.slice('annotation:'.length)) ?? '';
      switch (source) {
        case 'uid': return pod.uid;
        case 'node': return nodeName ?? '';
        case 'workload': return workload.name;
        case 'workload_kind': return workload.kind;
        default: return '';
      }
    };
    const labels: Record<string, string> = Object.create(null) as Record<string, string>;
    for (const fact of factLabels) labels[fact] = valueOf(fact);
    for (const [name, key] of Object.entries(podLabels)) labels[name] = valueOf(`label:${key}`);
    for (const [name, key] of Object.entries(podAnnotations)) labels[name] = valueOf(`annotation:${key}`);
    const app = appLabelKeys.map((key) => info?.labels.get(key) ?? '').find((value) => value !== '');
    labels['app'] = (labels['app'] ?? '') !== '' ? (labels['app'] ?? '') : (app ?? appOfPodName(pod.pod, nodeName));
    const annotations = info === undefined ? {} : ownAnnotations(info.annotations);
    const wantsImage = Object.values(factMetadata).includes('image') && (info?.images.size ?? 0) > 0;
    return {
      labels: notEmpty(labels), from: info === undefined ? 'path' : 'api',
      ...optional('metadata', notEmpty(Object.fromEntries(Object.entries(factMetadata).map(([name, source]) => [name, valueOf(source).slice(0, valueLengthMax)])))),
      ...(wantsImage ? { images: Object.fromEntries(info?.images ?? []) } : {}),
      ...optional('annotations', annotations),
    };
  }
}

/** In place of a pod's UID, for what is kept of files that belong to none. */
export const fileKeyPrefix = 'file:';
/** Longest value of a label or metadata that comes from the API. */
const valueLengthMax = 1024;
const labelValuesMax = 50;

function notEmpty(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
}

function optional<K extends string>(key: K, values: Readonly<Record<string, string>>): Partial<Record<K, Readonly<Record<string, string>>>> {
  return (Object.keys(values).length === 0 ? {} : { [key]: values }) as Partial<Record<K, Readonly<Record<string, string>>>>;
}
