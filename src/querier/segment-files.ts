import { decodeFooter, rowGroupRanges, type RowGroupMeta, type SegmentFooter } from '../chunks/mod.ts';
import { SpoorError, type ColumnNeeds } from '../model/mod.ts';
import type { ObjectStore } from '../objects/mod.ts';
import { allColumns, type FetchedRowGroup, type LoadedUnit } from './scan-session.ts';
import type { SegmentSource, Unit } from './units.ts';

/** Reads what units need of segments; footers are kept, least recently used first out. */
export class SegmentFiles {
  readonly #store: ObjectStore;
  readonly #footerBytesMax: number;
  readonly #footers = new Map<string, { readonly footer: Promise<SegmentFooter>; readonly bytes: number }>();
  #footerBytes = 0;

  constructor(store: ObjectStore, footerBytesMax: number) {
    this.#store = store;
    this.#footerBytesMax = footerBytesMax;
  }

  /** Reads the row groups of a unit, only the columns needed; merging needs all. */
  async load(unit: Unit, needs: ColumnNeeds, signal: AbortSignal): Promise<LoadedUnit> {
    const columns = unit.merge ? allColumns : needs;
    const fetched = await Promise.all(
      unit.sources.map(async ({ source, pieces }) => (source.kind === 'head' ? null : this.#rowGroup(source, columns, pieces, signal))),
    );
    return { unit, fetched };
  }

  async #rowGroup(
    source: SegmentSource,
    columns: ColumnNeeds,
    pieces: readonly { readonly rowStart: number; readonly rows: number }[],
    signal: AbortSignal,
  ): Promise<FetchedRowGroup> {
    const { segment } = source;
    const footer = await unlessAborted(this.#footer(segment), signal);
    const meta: RowGroupMeta | undefined = footer.rowGroups[source.rowGroup];
    if (meta === undefined) {
      throw new SpoorError('corruption', { where: segment.key, offset: segment.size, reason: `row group ${source.rowGroup} of ${footer.rowGroups.length}` });
    }
    const ranges = rowGroupRanges(meta, columns, pieces);
    const buffers = await Promise.all(ranges.map(({ offset, length }) => this.#store.getRange(segment.key, offset, length, signal)));
    return { meta, ranges, buffers: buffers.map(ownBuffer), columns };
  }

  /** Footers are shared between queries, so that reading one is not tied to the signal of the query that came first. */
  #footer(segment: SegmentSource['segment']): Promise<SegmentFooter> {
    const known = this.#footers.get(segment.key);
    if (known !== undefined) {
      this.#footers.delete(segment.key);
      this.#footers.set(segment.key, known);
      return known.footer;
    }
    const { key, size, footerBytes } = segment;
    const footer = this.#store
      .getRange(key, size - footerBytes, footerBytes, new AbortController().signal)
      .then((tail) => decodeFooter(tail, size, key));
    const entry = { footer, bytes: footerBytes };
    footer.catch(() => {
      if (this.#footers.get(key) === entry) this.#forget(key);
    });
    this.#footers.set(key, entry);
    this.#footerBytes += footerBytes;
    for (const oldest of this.#footers.keys()) {
      if (this.#footerBytes <= this.#footerBytesMax || oldest === key) break;
      this.#forget(oldest);
    }
    return footer;
  }

  #forget(key: string): void {
    this.#footerBytes -= this.#footers.get(key)?.bytes ?? 0;
    this.#footers.delete(key);
  }
}

/** The bytes in an ArrayBuffer of their own, so that they can be handed to another thread. */
function ownBuffer(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

/** The promise, or the reason of `signal` once that aborts. */
async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const abort = Promise.withResolvers<never>();
  const onAbort = (): void => abort.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, abort.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
