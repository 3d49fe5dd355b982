import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { z } from 'zod';
import { reasonOf, type Clock } from '../../../src/model/mod.ts';
import type { PodPath } from '../../discover/paths.ts';
import { backoffMs } from '../../ship/backoff.ts';
import { annotationPrefix } from '../annotation-names.ts';
import type { PodInfo } from '../pod.ts';
import type { PodSource } from '../pod-labels.ts';
import { KubernetesClient, KubernetesStatusError, type KubernetesAccess } from './access.ts';

/** Only metadata is asked for: a pod's spec and status are many times as large. */
const acceptList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
const acceptEvent = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
/** The whole pod, for the images in its spec. */
const acceptWhole = 'application/json';
const pageSize = 500;
/** Longest value of an annotation that is kept; some tools keep whole manifests in one. */
const annotationLengthMax = 8192;
/** The server ends a watch after so long; then it goes on from where it was, with the token of then. */
const watchSeconds = 300;
/** Bookmarks come about once a minute; a longer silence is a dead connection. */
const silentMs = 150_000;
/** A watch that lasted so long worked: what ends it then is no failure in a row. */
const livedMs = 10_000;
/** A deleted pod is remembered for so long: its last lines are read after it is gone. */
const deletedKeepMs = 600_000;
/** Where the API says "too old" on the way (HTTP 410, or an ERROR event with that code). */
const goneStatus = 410;

const metadataShape = z.object({
  uid: z.string(), name: z.string(), namespace: z.string(), resourceVersion: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(), annotations: z.record(z.string(), z.string()).optional(),
  ownerReferences: z.array(z.object({ kind: z.string(), name: z.string(), controller: z.boolean().optional() })).optional(),
});
const containersShape = z.array(z.object({ name: z.string(), image: z.string().optional() })).optional();
const podShape = z.object({ metadata: metadataShape, spec: z.object({ containers: containersShape, initContainers: containersShape, ephemeralContainers: containersShape }).optional() });
const listShape = z.object({ metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }), items: z.array(podShape) });
const eventShape = z.object({ type: z.string(), object: z.unknown() });
const bookmarkShape = z.object({ metadata: z.object({ resourceVersion: z.string() }) });
const statusShape = z.object({ code: z.number().optional(), message: z.string().optional() });
type Pod = z.infer<typeof podShape>;

/** What is asked of the API besides labels and owners. */
export interface PodsOptions {
  /** Keeps annotations for which this is true. */
  readonly annotation: (key: string) => boolean;
  /** Asks for whole pods, to know their images: costs the API server and the agent some ten times the bytes. */
  readonly images: boolean;
}

interface KnownPod extends PodInfo {
  readonly uid: string;
  /** Monotonic clock; -1 while the pod is there. */
  deletedMs: number;
}

/** What following the API counted. */
export interface KubernetesCounts {
  lists: number;
  watches: number;
  events: number;
  errors: number;
}

/**
 * The pods of this node, kept current by list and watch (Kubernetes API concepts, "efficient detection of changes"): a list, then a watch from the list's resource version, which is resumed
 * from the last version seen; where the server no longer knows that version, a new list. Errors are retried for ever.
 */
export class KubernetesPods implements PodSource {
  readonly counts: KubernetesCounts = { lists: 0, watches: 0, events: 0, errors: 0 };
  readonly #client: KubernetesClient;
  readonly #nodeName: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #pods = new Map<string, KnownPod>();
  /** UID in a static pod's log directory → UID of its mirror in the API. */
  readonly #mirrors = new Map<string, string>();
  readonly #options: PodsOptions;
  #version = '';
  #synced = false;

  constructor(access: KubernetesAccess, nodeName: string, log: Logger, clock: Clock, options: PodsOptions = { annotation: (key) => key.startsWith(annotationPrefix), images: false }) {
    this.#options = options;
    this.#client = new KubernetesClient(access);
    this.#nodeName = nodeName;
    this.#log = log;
    this.#clock = clock;
  }

  /** Whether a list succeeded. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Pods that are known, deleted ones that are still remembered included. */
  get size(): number {
    return this.#pods.size;
  }

  infoOf(pod: PodPath): PodInfo | undefined {
    return this.#pods.get(pod.uid) ?? this.#pods.get(this.#mirrors.get(pod.uid) ?? '');
  }

  /** The labels of a pod; undefined while it is not known. */
  labelsOf(pod: PodPath): ReadonlyMap<string, string> | undefined {
    return this.infoOf(pod)?.labels;
  }

  /** Follows the API until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const startedMs = this.#clock.monotonicMs();
      const lived = (): boolean => this.#clock.monotonicMs() - startedMs > livedMs;
      try {
        if (this.#version === '') await this.#list(signal);
        await this.#watch(signal);
        failures = 0;
        if (!lived()) await sleep(1000, undefined, { signal });
      } catch (error) {
        if (signal.aborted) break;
        if (lived()) failures = 0;
        if (error instanceof KubernetesStatusError && error.status === goneStatus) {
          this.#log.info('the Kubernetes API no longer knows our resource version; listing anew');
          this.#version = '';
          if (failures === 0) {
            failures = 1;
            continue;
          }
        }
        failures++;
        this.counts.errors++;
        this.#log.warn({ reason: reasonOf(error), failures }, 'following pods at the Kubernetes API failed and is tried again; new pods go by their path meanwhile');
        await sleep(backoffMs({ minMs: 500, maxMs: 30_000 }, failures, 0, Math.random()), undefined, { signal }).catch(() => undefined);
      }
    }
    this.#client.close();
  }

  async #list(signal: AbortSignal): Promise<void> {
    const listed = new Set<string>();
    let version = '';
    for (let next = ''; ; ) {
      const path = this.#path({ limit: String(pageSize), ...(next === '' ? {} : { continue: next }) });
      const page = listShape.parse(await this.#client.get(path, this.#options.images ? acceptWhole : acceptList, signal));
      for (const pod of page.items) {
        this.#put(pod);
        listed.add(pod.metadata.uid);
      }
      version = page.metadata.resourceVersion;
      next = page.metadata.continue ?? '';
      if (next === '') break;
    }
    for (const pod of this.#pods.values()) if (!listed.has(pod.uid)) this.#delete(pod.uid);
    this.#version = version;
    this.#synced = true;
    this.counts.lists++;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const path = this.#path({ watch: '1', allowWatchBookmarks: 'true', resourceVersion: this.#version, timeoutSeconds: String(watchSeconds) });
    this.counts.watches++;
    for await (const line of this.#client.watch(path, this.#options.images ? acceptWhole : acceptEvent, silentMs, signal)) {
      const event = eventShape.parse(line);
      this.counts.events++;
      if (event.type === 'ERROR') {
        const status = statusShape.parse(event.object);
        throw new KubernetesStatusError(status.code ?? 500, status.message ?? 'the watch reported an error');
      }
      if (event.type === 'BOOKMARK') {
        this.#version = bookmarkShape.parse(event.object).metadata.resourceVersion;
        continue;
      }
      const pod = podShape.parse(event.object);
      const { metadata } = pod;
      if (event.type === 'DELETED') this.#delete(metadata.uid);
      else this.#put(pod);
      this.#version = metadata.resourceVersion ?? this.#version;
    }
  }

  #put({ metadata, spec }: Pod): void {
    const owner = metadata.ownerReferences?.find((reference) => reference.controller === true) ?? metadata.ownerReferences?.[0];
    const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []), ...(spec?.ephemeralContainers ?? [])];
    this.#pods.set(metadata.uid, {
      uid: metadata.uid, labels: new Map(Object.entries(metadata.labels ?? {})), deletedMs: -1,
      annotations: new Map(Object.entries(metadata.annotations ?? {}).filter(([key, value]) => this.#options.annotation(key) && value.length <= annotationLengthMax)),
      owner: owner === undefined ? null : { kind: owner.kind, name: owner.name },
      images: new Map(containers.flatMap(({ name, image }) => (image === undefined ? [] : [[name, image] as const]))),
    });
    // A static pod's directory carries the hash of its manifest; the mirror pod in the API names it.
    for (const key of ['kubernetes.io/config.hash', 'kubernetes.io/config.mirror']) {
      const hash = metadata.annotations?.[key];
      if (hash !== undefined) this.#mirrors.set(hash, metadata.uid);
    }
  }

  #delete(uid: string): void {
    const now = this.#clock.monotonicMs();
    const pod = this.#pods.get(uid);
    if (pod !== undefined && pod.deletedMs < 0) pod.deletedMs = now;
    for (const other of this.#pods.values()) if (other.deletedMs >= 0 && now - other.deletedMs > deletedKeepMs) this.#pods.delete(other.uid);
    for (const [hash, mirror] of this.#mirrors) if (!this.#pods.has(mirror)) this.#mirrors.delete(hash);
  }

  #path(parameters: Readonly<Record<string, string>>): string {
    return `/api/v1/pods?${new URLSearchParams({ fieldSelector: `spec.nodeName=${this.#nodeName}`, ...parameters }).toString()}`;
  }
}
