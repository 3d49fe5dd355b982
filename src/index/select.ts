import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CompiledMatcher, LabelSet } from '../model/mod.ts';
import type { PairBlockRef, StreamBlockRef } from './directory.ts';
import type { IndexFiles, OpenIndex } from './file.ts';
import { damage, type BlockRef } from './format.ts';
import { findPairBlocks, visitPairs, type PairEntry } from './pairs.ts';
import { allIds, decodePostings, intersect, subtract, unite, type StreamIds } from './postings.ts';
import { StreamBlock, type StoredStream } from './streams.ts';

/** Blocks read, and held, at the same time: bytes after decompression. */
const batchBytes = 32 * 2 ** 20;
/** The event loop gets a turn after this many bytes of blocks. */
const turnBytes = 256 * 1024;
/** Reading the labels of so many bytes of candidates is always better than reading the values of one more label. */
const candidateBytesMin = 128 * 1024;

/** A stream that was asked for: it has chunks that touch the range of time. */
export type StreamVisitor = (stream: StoredStream) => void;

/**
 * Calls `visit` for the streams of one index that all `matchers` accept and that have chunks with entries from startOffset to endOffset (nanoseconds of the
 * day, both included).
 */
export async function visitStreams(files: IndexFiles, index: OpenIndex, matchers: readonly CompiledMatcher[], startOffset: number, endOffset: number, signal: AbortSignal, visit: StreamVisitor): Promise<void> {
  const query = new Selection(files, index, signal);
  const { ids, undecided } = await query.resolve(matchers);
  const wanted = blocksWith(index.directory.streamBlocks, ids).filter(({ ref }) => ref.minOffset <= endOffset && ref.maxOffset >= startOffset);
  await query.eachStreamBlock(wanted, (block, { ref, from, to }) => {
    for (let i = from; i < to; i++) {
      const stream = block.stream(ids === undefined ? i : (ids[i] ?? 0) - ref.first);
      if (stream.touches(startOffset, endOffset) && undecided.every((matcher) => matcher.matches(valueOf(stream.labels, matcher.name)))) visit(stream);
    }
  });
}

/** Calls `visit` for the values of label `name`, and first for the name itself (value ""). */
export async function visitValues(files: IndexFiles, index: OpenIndex, name: string, signal: AbortSignal, visit: (pair: PairEntry) => void): Promise<void> {
  await new Selection(files, index, signal).eachValue(name, visit);
}

/** What became of a matcher: the streams that it accepts, or those that it refuses. */
interface Verdict {
  readonly ids: StreamIds;
  readonly refused: boolean;
}

class Selection {
  readonly #files: IndexFiles;
  readonly #index: OpenIndex;
  readonly #signal: AbortSignal;

  constructor(files: IndexFiles, index: OpenIndex, signal: AbortSignal) {
    this.#files = files;
    this.#index = index;
    this.#signal = signal;
  }

  /**
   * The streams that may match (undefined: all), and the matchers that are left to be asked once their labels are read. Label pairs are looked up
   * first; then the other matchers, unless reading the candidates costs less than reading the values of their label.
   */
  async resolve(matchers: readonly CompiledMatcher[]): Promise<{ readonly ids: StreamIds | undefined; readonly undecided: readonly CompiledMatcher[] }> {
    const lookups = matchers.filter((matcher) => decisiveValues(matcher) !== undefined);
    const positive = lookups.filter((matcher) => !matcher.matchesEmpty);
    const verdicts = await Promise.all(positive.map(async (matcher) => this.#lookUp(matcher)));
    let ids: StreamIds | undefined;
    for (const verdict of verdicts.filter((one) => !one.refused).sort((a, b) => a.ids.length - b.ids.length)) ids = apply(ids, verdict, this.#streams);
    for (const verdict of verdicts.filter((one) => one.refused)) ids = apply(ids, verdict, this.#streams);
    const undecided: CompiledMatcher[] = [];
    // Those that need a label narrow more than those that streams without it pass.
    const rest = matchers.filter((matcher) => !positive.includes(matcher)).sort((a, b) => Number(a.matchesEmpty) - Number(b.matchesEmpty));
    for (const matcher of rest) {
      if (ids?.length === 0) break;
      if (this.#candidateBytes(ids) <= Math.max(candidateBytesMin, 4 * this.#valueBytes(matcher))) undecided.push(matcher);
      else ids = apply(ids, decisiveValues(matcher) === undefined ? await this.#search(matcher) : await this.#lookUp(matcher), this.#streams);
    }
    return { ids, undecided };
  }

  get #streams(): number {
    return this.#index.directory.streams;
  }

  /** Bytes in the file of the blocks that hold the candidates. */
  #candidateBytes(ids: StreamIds | undefined): number {
    // Without candidates of its own, every block would have to be read.
    if (ids === undefined) return Infinity;
    let bytes = 0;
    for (const { ref } of blocksWith(this.#index.directory.streamBlocks, ids)) bytes += ref.stored;
    return bytes;
  }

  /** Bytes in the file of the values that a matcher has to look at. */
  #valueBytes(matcher: CompiledMatcher): number {
    const values = decisiveValues(matcher);
    let bytes = 0;
    if (values === undefined) for (const block of this.#blocksOf(matcher.name)) bytes += block.pairs.stored;
    else for (const block of this.#blocksOfValues(matcher.name, new Set(values))) bytes += block.pairs.stored + block.postings.stored;
    return bytes;
  }

  #blocksOf(name: string, from = '', to?: string): readonly PairBlockRef[] {
    const blocks = this.#index.directory.pairBlocks;
    const range = findPairBlocks(blocks, name, from, to);
    return range === undefined ? [] : blocks.slice(range.first, range.last + 1);
  }

  /** A matcher whose values are known: one block for each. */
  async #lookUp(matcher: CompiledMatcher): Promise<Verdict> {
    const values = new Set(decisiveValues(matcher));
    const lists: StreamIds[] = [];
    let withName: StreamIds = new Uint32Array(0);
    await this.eachBlock(this.#blocksOfValues(matcher.name, values), (block) => [block.pairs, block.postings], ([pairs, postings], block) => {
      this.#visit(block, pairs, (pair) => {
        if (pair.name !== matcher.name || !values.has(pair.value)) return;
        const list = this.#list(block, postings, pair);
        if (pair.value === '') withName = list;
        else lists.push(list);
      });
    });
    // The value "" is that of the streams without the label.
    if (values.has('')) lists.push(subtract(allIds(this.#streams), withName));
    const [some] = values;
    return { ids: unite(lists, this.#streams), refused: some !== undefined && !matcher.matches(some) };
  }

  /** The blocks that may hold pairs of `name` with these values, in the order of the file. */
  #blocksOfValues(name: string, values: ReadonlySet<string>): readonly PairBlockRef[] {
    const blocks = new Set<PairBlockRef>();
    for (const value of values) for (const block of this.#blocksOf(name, value, value)) blocks.add(block);
    return [...blocks].sort((a, b) => a.pairs.offset - b.pairs.offset);
  }

  /** A matcher that has to see every value of its label. */
  async #search(matcher: CompiledMatcher): Promise<Verdict> {
    // Streams without the label are in no list: where they pass, the lists of the refused values are wanted.
    const wanted = !matcher.matchesEmpty;
    const hits: { readonly block: PairBlockRef; readonly pairs: PairEntry[] }[] = [];
    let all: { readonly block: PairBlockRef; readonly pair: PairEntry } | undefined;
    let misses = 0;
    await this.#eachPairBlock(matcher.name, (block, pairs) => {
      const own: PairEntry[] = [];
      for (const pair of pairs) {
        if (pair.value === '') all = { block, pair };
        else if (matcher.matches(pair.value) === wanted) own.push(pair);
        else misses++;
      }
      if (own.length > 0) hits.push({ block, pairs: own });
    });
    const lists: StreamIds[] = [];
    // Where every value is a hit, the list of the name says it all.
    const read = misses === 0 && all !== undefined ? [{ block: all.block, pairs: [all.pair] }] : hits;
    await this.eachBlock(read, ({ block }) => [block.postings], ([postings], { block, pairs }) => {
      for (const pair of pairs) lists.push(this.#list(block, postings, pair));
    });
    return { ids: unite(lists, this.#streams), refused: !wanted };
  }

  /** Calls `visit` for the pairs of `name`, the name itself (value "") first. */
  async eachValue(name: string, visit: (pair: PairEntry) => void): Promise<void> {
    await this.#eachPairBlock(name, (_, pairs) => pairs.forEach(visit));
  }

  async #eachPairBlock(name: string, use: (block: PairBlockRef, pairs: readonly PairEntry[]) => void): Promise<void> {
    await this.eachBlock(this.#blocksOf(name), (block) => [block.pairs], ([raw], block) => {
      const own: PairEntry[] = [];
      this.#visit(block, raw, (pair) => {
        if (pair.name === name) own.push(pair);
      });
      use(block, own);
    });
  }

  #visit(block: PairBlockRef, raw: Buffer | undefined, visit: (pair: PairEntry) => void): void {
    visitPairs(raw ?? Buffer.alloc(0), this.#streams, `${this.#index.where}, label pairs from ${block.name}`, (pair) => {
      visit(pair);
      return true;
    });
  }

  #list(block: PairBlockRef, postings: Buffer | undefined, pair: PairEntry): StreamIds {
    if (pair.count === this.#streams) return allIds(this.#streams);
    return decodePostings(postings ?? Buffer.alloc(0), pair.start, pair.end, pair.count, this.#streams, `${this.#index.where}, postings of ${block.name}`);
  }

  /** Hands the blocks of streams of `items` to `use`, in the order of the file; those that are not kept are read. */
  async eachStreamBlock<T extends { readonly ref: StreamBlockRef }>(items: readonly T[], use: (block: StreamBlock, item: T) => void): Promise<void> {
    const kept = new Map<T, StreamBlock>();
    for (const item of items) {
      const block = this.#files.streamBlock(this.#index, item.ref);
      if (block !== undefined) kept.set(item, block);
    }
    await this.eachBlock(items, (item) => (kept.has(item) ? [] : [item.ref]), ([raw], item) => {
      const { ref } = item;
      const { directory, where } = this.#index;
      use(kept.get(item) ?? this.#files.keepStreamBlock(this.#index, ref, new StreamBlock(raw ?? Buffer.alloc(0), ref.streams, directory, `${where}, streams from ${ref.first}`)), item);
    });
  }

  /** Reads the blocks that each of `items` needs (in the order of the file), a bounded amount at a time, and hands them to `use`. */
  async eachBlock<T>(items: readonly T[], refsOf: (item: T) => readonly BlockRef[], use: (blocks: readonly Buffer[], item: T) => void): Promise<void> {
    let sinceTurn = 0;
    for (let from = 0; from < items.length; ) {
      const batch: { readonly item: T; readonly refs: readonly BlockRef[] }[] = [];
      for (let bytes = 0; from < items.length && bytes < batchBytes; from++) {
        const item = items[from] as T;
        const refs = refsOf(item);
        for (const ref of refs) bytes += ref.raw;
        batch.push({ item, refs });
      }
      const blocks = await this.#files.blocks(this.#index, batch.flatMap(({ refs }) => refs), this.#signal);
      let at = 0;
      for (const { item, refs } of batch) {
        const own = blocks.slice(at, at + refs.length).map((open) => open());
        at += refs.length;
        use(own, item);
        for (const block of own) sinceTurn += block.length;
        if (sinceTurn < turnBytes) continue;
        sinceTurn = 0;
        await nextTurn();
        this.#signal.throwIfAborted();
      }
    }
  }
}

/** The values that decide, where the matcher lists them. */
function decisiveValues(matcher: CompiledMatcher): readonly string[] | undefined {
  if (matcher.exact !== undefined) return [matcher.exact];
  return matcher.set === undefined || matcher.set.length === 0 ? undefined : matcher.set;
}

function apply(ids: StreamIds | undefined, verdict: Verdict, streams: number): StreamIds {
  if (!verdict.refused) return ids === undefined ? verdict.ids : intersect(ids, verdict.ids);
  return subtract(ids ?? allIds(streams), verdict.ids);
}

function valueOf(labels: LabelSet, name: string): string {
  for (const label of labels) if (label.name === name) return label.value;
  return '';
}

/** The blocks that hold streams of `ids` (undefined: all), each with its range of `ids`, or of its own streams. */
function blocksWith(blocks: readonly StreamBlockRef[], ids: StreamIds | undefined): { readonly ref: StreamBlockRef; readonly from: number; readonly to: number }[] {
  if (ids === undefined) return blocks.map((ref) => ({ ref, from: 0, to: ref.streams }));
  const found: { readonly ref: StreamBlockRef; readonly from: number; readonly to: number }[] = [];
  let from = 0;
  for (const ref of blocks) {
    let to = from;
    while (to < ids.length && (ids[to] ?? 0) < ref.first + ref.streams) to++;
    if (to > from) found.push({ ref, from, to });
    from = to;
  }
  if (from < ids.length) throw damage('index', 0, `stream ${ids[from]} is in no block`);
  return found;
}
