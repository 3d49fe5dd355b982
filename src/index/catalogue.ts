import { dayOf, isSpoorError, SpoorError } from '../model/mod.ts';
import type { ObjectStore } from '../objects/mod.ts';
import { decodeManifest, isManifestKey, manifestBytesMax, manifestFrameBytes, manifestKey, manifestLength, type IndexRef, type Manifest } from './manifest.ts';

/** What openCatalogue is told. */
export interface CatalogueOptions {
  readonly store: ObjectStore;
  /** Partitions 0 … partitions - 1; others that the store has manifests of are known as well. */
  readonly partitions: number;
  /** Manifests read at the same time while opening (16). */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
}

/** What was in object storage at one moment. Never changes; a query takes one and uses it to its end. */
export interface CatalogueSnapshot {
  /** Last position of each partition that object storage holds; 0 if it holds nothing. Rows above it are in the heads. */
  readonly positions: ReadonlyMap<number, bigint>;
  /** The index files of a tenant with entries at startNs ≤ t < endNs. */
  indexesFor(tenant: string, startNs: bigint, endNs: bigint): readonly IndexRef[];
  /** Tenants with anything in object storage, sorted. */
  tenants(): readonly string[];
}

/** Knows all manifests. Answering queries never lists the store; only opening does. */
export interface Catalogue {
  /** Takes in a manifest that was just written here. Adding a known one again changes nothing; one that leaves a gap is `corruption`. */
  add(manifest: Manifest): void;
  /** Takes in what others wrote: looks for the manifest after the last known one, by its key, until there is none. Returns the new ones. */
  follow(partition: number, signal?: AbortSignal): Promise<readonly Manifest[]>;
  snapshot(): CatalogueSnapshot;
}

const never = new AbortController().signal;
/** Read of a manifest that is looked for by its key, whose size is not known. */
const guessBytes = 128 * 1024;

/**
 * Reads all manifests and checks that the positions of each partition follow one another from 1 on; a gap or an overlap is `corruption`, since
 * something was then lost or doubled.
 */
export async function openCatalogue(options: CatalogueOptions): Promise<Catalogue> {
  const signal = options.signal ?? never;
  const objects: { readonly key: string; readonly size: number }[] = [];
  for await (const object of options.store.list('manifests/')) {
    signal.throwIfAborted();
    // Partitions that are no longer in use still have entries that queries want.
    if (isManifestKey(object.key)) objects.push(object);
  }
  const manifests = await readAll(options.store, objects, options.concurrency ?? 16, signal);
  const builder = new StateBuilder(emptyState(Array.from({ length: options.partitions }, (_, partition) => partition).concat(manifests.map((manifest) => manifest.partition))));
  for (const manifest of manifests) builder.add(manifest);
  return new ManifestCatalogue(options.store, builder.build());
}

async function readAll(store: ObjectStore, objects: readonly { readonly key: string; readonly size: number }[], concurrency: number, signal: AbortSignal): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  let next = 0;
  const reader = async (): Promise<void> => {
    for (let i = next++; i < objects.length; i = next++) {
      const object = objects[i];
      if (object === undefined) return;
      if (object.size > manifestBytesMax) throw new SpoorError('corruption', { where: `manifest ${object.key}`, offset: 0, reason: `it is ${object.size} bytes long, over the limit of ${manifestBytesMax}` });
      const manifest = decodeManifest(await store.getRange(object.key, 0, object.size, signal), object.key);
      checkPlace(manifest, object.key);
      manifests[i] = manifest;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, objects.length) }, reader));
  return manifests;
}

/** A manifest under another key than its own was copied there by somebody. */
function checkPlace(manifest: Manifest, key: string): void {
  if (manifestKey(manifest.partition, manifest.first) !== key) {
    throw new SpoorError('corruption', { where: `manifest ${key}`, offset: 0, reason: `it is of partition ${manifest.partition}, position ${manifest.first}` });
  }
}

class ManifestCatalogue implements Catalogue {
  readonly #store: ObjectStore;
  #state: State;

  constructor(store: ObjectStore, state: State) {
    this.#store = store;
    this.#state = state;
  }

  add(manifest: Manifest): void {
    const newest = this.#state.newest.get(manifest.partition);
    if (newest !== undefined && (manifest.last < newest.first || (manifest.first === newest.first && manifest.last === newest.last))) return;
    const builder = new StateBuilder(this.#state);
    builder.add(manifest);
    this.#state = builder.build();
  }

  async follow(partition: number, signal: AbortSignal = never): Promise<readonly Manifest[]> {
    const found: Manifest[] = [];
    for (;;) {
      const first = (this.#state.positions.get(partition) ?? 0n) + 1n;
      const manifest = await this.#read(manifestKey(partition, first), signal);
      if (manifest === undefined) return found;
      this.add(manifest);
      found.push(manifest);
    }
  }

  async #read(key: string, signal: AbortSignal): Promise<Manifest | undefined> {
    let bytes: Uint8Array;
    try {
      bytes = await this.#store.getRange(key, 0, guessBytes, signal);
      const length = bytes.length < manifestFrameBytes ? bytes.length : manifestLength(bytes, key);
      // A byte more, so that a manifest with something behind it is found out.
      if (bytes.length === guessBytes) bytes = Buffer.concat([bytes, await this.#store.getRange(key, guessBytes, Math.max(0, length - guessBytes) + 1, signal)]);
    } catch (error) {
      if (isSpoorError(error, 'object_not_found')) return undefined;
      throw error;
    }
    const manifest = decodeManifest(bytes, key);
    checkPlace(manifest, key);
    return manifest;
  }

  snapshot(): CatalogueSnapshot {
    return this.#state;
  }
}

type Days = ReadonlyMap<number, readonly IndexRef[]>;

/** Positions of the last manifest of a partition. */
interface Extent {
  readonly first: bigint;
  readonly last: bigint;
}

class State implements CatalogueSnapshot {
  readonly positions: ReadonlyMap<number, bigint>;
  readonly newest: ReadonlyMap<number, Extent>;
  readonly indexes: ReadonlyMap<string, Days>;

  constructor(newest: ReadonlyMap<number, Extent>, indexes: ReadonlyMap<string, Days>) {
    this.positions = new Map([...newest].map(([partition, extent]) => [partition, extent.last]));
    this.newest = newest;
    this.indexes = indexes;
  }

  indexesFor(tenant: string, startNs: bigint, endNs: bigint): readonly IndexRef[] {
    const days = this.indexes.get(tenant);
    if (days === undefined || startNs >= endNs) return [];
    const firstDay = dayOf(startNs);
    const lastDay = dayOf(endNs - 1n);
    const found: IndexRef[] = [];
    const take = (refs: readonly IndexRef[]): void => {
      for (const ref of refs) if (ref.minNs < endNs && ref.maxNs >= startNs) found.push(ref);
    };
    // "Everything" may be half a million days.
    const wanted = lastDay - firstDay > days.size ? [...days.keys()].filter((day) => day >= firstDay && day <= lastDay).sort((a, b) => a - b) : undefined;
    if (wanted === undefined) for (let day = firstDay; day <= lastDay; day++) take(days.get(day) ?? []);
    else for (const day of wanted) take(days.get(day) ?? []);
    return found;
  }

  tenants(): readonly string[] {
    return [...this.indexes.keys()].sort();
  }
}

function emptyState(partitions: readonly number[]): State {
  return new State(new Map(partitions.map((partition) => [partition, { first: 0n, last: 0n }])), new Map());
}

/** Makes the next state out of one that must not change: copies what it changes, once. */
class StateBuilder {
  readonly #newest: Map<number, Extent>;
  readonly #indexes: Map<string, Days>;
  readonly #ownDays = new Map<string, Map<number, readonly IndexRef[]>>();
  readonly #ownRefs = new Map<string, IndexRef[]>();

  constructor(state: State) {
    this.#newest = new Map(state.newest);
    this.#indexes = new Map(state.indexes);
  }

  add(manifest: Manifest): void {
    const { partition, first, last } = manifest;
    const before = this.#newest.get(partition);
    if (before === undefined) throw new SpoorError('internal', { reason: `a manifest of partition ${partition}, which this catalogue does not follow` });
    if (first !== before.last + 1n) {
      throw new SpoorError('corruption', { where: `the manifests of partition ${partition}`, offset: 0, reason: `positions go to ${before.last}, the next manifest is of ${first} to ${last}` });
    }
    this.#newest.set(partition, { first, last });
    for (const index of manifest.indexes) this.#refs(index).push(index);
  }

  #refs(index: IndexRef): IndexRef[] {
    const key = `${index.day} ${index.tenant}`;
    let refs = this.#ownRefs.get(key);
    if (refs === undefined) {
      let days = this.#ownDays.get(index.tenant);
      if (days === undefined) {
        this.#ownDays.set(index.tenant, (days = new Map(this.#indexes.get(index.tenant))));
        this.#indexes.set(index.tenant, days);
      }
      refs = [...(days.get(index.day) ?? [])];
      days.set(index.day, refs);
      this.#ownRefs.set(key, refs);
    }
    return refs;
  }

  build(): State {
    return new State(this.#newest, this.#indexes);
  }
}
