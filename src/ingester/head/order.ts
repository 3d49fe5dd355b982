import { asBuffer, countMetadataBytes, crc32c } from '../../bytes/mod.ts';
import { freshArrays, type ArraySource } from '../../chunks/mod.ts';
import type { BytesColumn, RowBlock, RowOrder } from '../../model/mod.ts';

/** Above this many rows of one time, equal rows are found by checksum instead of by comparing each with each. */
const tieCompareMax = 16;

/**
 * Rows of several blocks of one day, which share one list of streams, in total order (stream, time, position, index, partition), without all but
 * the first of equal rows (stream, time, line, metadata). All columns must be present.
 */
export class OrderedRows {
  readonly #blocks: readonly RowBlock[];
  readonly #joined: JoinedRows;
  readonly #ids: Uint32Array;

  constructor(blocks: readonly RowBlock[], streams: number) {
    this.#blocks = blocks;
    this.#joined = new JoinedRows(blocks);
    this.#ids = order(this.#joined, streams);
  }

  /** Number of rows. */
  get rows(): number {
    return this.#ids.length;
  }

  /** Rows of each stream, and their bytes as statistics count them. */
  totals(streams: number): { readonly rows: Float64Array; readonly bytes: Float64Array } {
    const rows = new Float64Array(streams);
    const bytes = new Float64Array(streams);
    for (const id of this.#ids) {
      const stream = this.#joined.stream[id] as number;
      rows[stream]! += 1;
      bytes[stream]! += this.#joined.bytes(id);
    }
    return { rows, bytes };
  }

  /** Where the portion that begins at row `from` ends, with at most so many rows and bytes of lines; one row at least. */
  portionEnd(from: number, rowsMax: number, bytesMax: number): number {
    const length = this.#joined.lineLength;
    let to = from;
    let bytes = 0;
    while (to < this.#ids.length && to - from < rowsMax) {
      bytes += length[this.#ids[to] as number] as number;
      if (to > from && bytes > bytesMax) break;
      to += 1;
    }
    return to;
  }

  /**
   * One block of rows [from, to). With a single source block the bytes are shared, else lines and metadata are copied together. `arrays`: where its memory comes from; with a scratch
   * the block is valid until the next is taken.
   */
  take(from: number, to: number, arrays: ArraySource = freshArrays): RowBlock {
    const rows = this.#joined;
    const count = to - from;
    const part = this.#ids.subarray(from, to);
    const words = (name: string): Uint32Array => arrays.words(name, count).subarray(0, count);
    const doubles = (name: string): Float64Array => arrays.doubles(name, count).subarray(0, count);
    const rowOrder: RowOrder = { position: doubles('position'), index: words('index'), partition: words('partition') };
    const stream = words('stream');
    const time = doubles('time');
    for (let i = 0; i < count; i++) {
      const id = part[i] as number;
      stream[i] = rows.stream[id] as number;
      time[i] = rows.time[id] as number;
      rowOrder.position[i] = rows.position[id] as number;
      rowOrder.index[i] = rows.index[id] as number;
      rowOrder.partition[i] = rows.partition[id] as number;
    }
    const lines = rows.column(part, 'lines', arrays);
    const [first] = this.#blocks;
    return {
      rows: count,
      day: first?.day ?? 0,
      streams: first?.streams ?? [],
      stream,
      time,
      order: rowOrder,
      lineLength: lines.length,
      lines,
      metadata: rows.column(part, 'metadata', arrays),
    };
  }
}

/** Row ids in order; a row's id is its row number plus the rows of the blocks before its own. */
function order(rows: JoinedRows, streams: number): Uint32Array {
  const starts = new Uint32Array(streams + 1);
  for (let id = 0; id < rows.count; id++) starts[(rows.stream[id] as number) + 1]! += 1;
  for (let stream = 0; stream < streams; stream++) starts[stream + 1]! += starts[stream] as number;
  const ids = new Uint32Array(rows.count);
  const next = starts.slice(0, streams);
  for (let id = 0; id < rows.count; id++) {
    const stream = rows.stream[id] as number;
    ids[next[stream] as number] = id;
    next[stream]! += 1;
  }
  let kept = 0;
  for (let stream = 0; stream < streams; stream++) {
    const from = starts[stream] as number;
    const to = starts[stream + 1] as number;
    if (!rows.sorted(ids, from, to)) ids.subarray(from, to).sort((a, b) => rows.compare(a, b));
    kept = rows.dropEqual(ids, from, to, kept);
  }
  return kept === ids.length ? ids : ids.subarray(0, kept);
}

/** Rows of several blocks as if they were one; small columns are joined, bytes stay where they are. */
class JoinedRows {
  readonly count: number;
  readonly stream: Uint32Array;
  readonly time: Float64Array;
  readonly position: Float64Array;
  readonly index: Uint32Array;
  readonly partition: Uint32Array;
  readonly lineLength: Uint32Array;
  readonly #blocks: readonly RowBlock[];
  /** First row id of each block. */
  readonly #bases: Uint32Array;

  constructor(blocks: readonly RowBlock[]) {
    this.#blocks = blocks;
    this.#bases = new Uint32Array(blocks.length);
    let count = 0;
    for (const [i, block] of blocks.entries()) {
      this.#bases[i] = count;
      count += block.rows;
    }
    this.count = count;
    this.stream = this.#join((size) => new Uint32Array(size), (block) => block.stream);
    this.time = this.#join((size) => new Float64Array(size), (block) => block.time);
    this.position = this.#join((size) => new Float64Array(size), (block) => required(block.order).position);
    this.index = this.#join((size) => new Uint32Array(size), (block) => required(block.order).index);
    this.partition = this.#join((size) => new Uint32Array(size), (block) => required(block.order).partition);
    this.lineLength = this.#join((size) => new Uint32Array(size), (block) => required(block.lineLength));
  }

  #join<Column extends Uint32Array | Float64Array>(make: (size: number) => Column, of: (block: RowBlock) => Column): Column {
    const [first] = this.#blocks;
    if (this.#blocks.length === 1 && first !== undefined) return of(first);
    const joined = make(this.count);
    for (const [i, block] of this.#blocks.entries()) joined.set(of(block).subarray(0, block.rows), this.#bases[i] ?? 0);
    return joined;
  }

  compare(a: number, b: number): number {
    return (
      (this.time[a] as number) - (this.time[b] as number) ||
      (this.position[a] as number) - (this.position[b] as number) ||
      (this.index[a] as number) - (this.index[b] as number) ||
      (this.partition[a] as number) - (this.partition[b] as number)
    );
  }

  sorted(ids: Uint32Array, from: number, to: number): boolean {
    for (let i = from + 1; i < to; i++) if (this.compare(ids[i - 1] as number, ids[i] as number) > 0) return false;
    return true;
  }

  /** Moves ids[from … to), sorted, to `kept` and after, without those that equal an earlier one; gives the new `kept`. */
  dropEqual(ids: Uint32Array, from: number, to: number, kept: number): number {
    let out = kept;
    for (let i = from; i < to; ) {
      let end = i + 1;
      while (end < to && this.time[ids[end] as number] === this.time[ids[i] as number]) end += 1;
      out = end - i === 1 ? this.#keep(ids, i, out) : this.#dropTies(ids, i, end, out);
      i = end;
    }
    return out;
  }

  #keep(ids: Uint32Array, at: number, out: number): number {
    ids[out] = ids[at] as number;
    return out + 1;
  }

  #dropTies(ids: Uint32Array, from: number, to: number, kept: number): number {
    const hashed = to - from > tieCompareMax ? new Map<number, number[]>() : undefined;
    let out = kept;
    for (let i = from; i < to; i++) {
      const id = ids[i] as number;
      let equal = false;
      if (hashed === undefined) {
        for (let j = kept; j < out && !equal; j++) equal = this.#equal(ids[j] as number, id);
      } else {
        const hash = this.#hash(id);
        const same = hashed.get(hash);
        equal = same?.some((other) => this.#equal(other, id)) ?? false;
        if (same === undefined) hashed.set(hash, [id]);
        else if (!equal) same.push(id);
      }
      if (!equal) out = this.#keep(ids, i, out);
    }
    return out;
  }

  #hash(id: number): number {
    const b = this.#blockOf(id);
    const row = id - (this.#bases[b] as number);
    const { lines, metadata } = this.#blocks[b] as RowBlock;
    return crc32c(bytesOf(required(metadata), row), crc32c(bytesOf(required(lines), row)));
  }

  #equal(a: number, b: number): boolean {
    const blockA = this.#blockOf(a);
    const blockB = this.#blockOf(b);
    const rowA = a - (this.#bases[blockA] as number);
    const rowB = b - (this.#bases[blockB] as number);
    const left = this.#blocks[blockA] as RowBlock;
    const right = this.#blocks[blockB] as RowBlock;
    return (
      sameBytes(required(left.lines), rowA, required(right.lines), rowB) && sameBytes(required(left.metadata), rowA, required(right.metadata), rowB)
    );
  }

  /** Bytes of a row, as statistics count them. */
  bytes(id: number): number {
    const b = this.#blockOf(id);
    const { bytes, start, length } = required((this.#blocks[b] as RowBlock).metadata);
    const row = id - (this.#bases[b] as number);
    return (this.lineLength[id] as number) + countMetadataBytes(bytes, start[row] as number, length[row] as number);
  }

  #blockOf(id: number): number {
    let low = 0;
    let high = this.#bases.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#bases[middle] as number) <= id) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  column(ids: Uint32Array, name: 'lines' | 'metadata', arrays: ArraySource): BytesColumn {
    const start = arrays.words(`${name}Start`, ids.length).subarray(0, ids.length);
    const length = arrays.words(`${name}Length`, ids.length).subarray(0, ids.length);
    const [first] = this.#blocks;
    if (this.#blocks.length === 1 && first !== undefined) {
      const source = required(first[name]);
      for (let i = 0; i < ids.length; i++) {
        start[i] = source.start[ids[i] as number] as number;
        length[i] = source.length[ids[i] as number] as number;
      }
      return { bytes: source.bytes, start, length };
    }
    const parts = this.#blocks.map((block) => required(block[name]));
    const total = this.#lengths(ids, parts, start, length);
    const bytes = asBuffer(arrays.bytes(name, total).subarray(0, total));
    this.#gather(ids, parts, start, length, bytes);
    return { bytes, start, length };
  }

  /** Enters the lengths of rows, and where each begins when they stand one after another; gives the length of all. */
  #lengths(ids: Uint32Array, parts: readonly BytesColumn[], start: Uint32Array, length: Uint32Array): number {
    let total = 0;
    for (let i = 0; i < ids.length; ) {
      const b = this.#blockOf(ids[i] as number);
      const [base, end] = [this.#bases[b] as number, this.#endOf(b)];
      const lengths = (parts[b] as BytesColumn).length;
      for (; i < ids.length && (ids[i] as number) >= base && (ids[i] as number) < end; i++) {
        start[i] = total;
        total += length[i] = lengths[(ids[i] as number) - base] as number;
      }
    }
    return total;
  }

  /** Copies rows one after another into `bytes`; those that are neighbours where they come from, as the rows of one push are, at once. */
  #gather(ids: Uint32Array, parts: readonly BytesColumn[], start: Uint32Array, length: Uint32Array, bytes: Buffer): void {
    for (let i = 0; i < ids.length; ) {
      const b = this.#blockOf(ids[i] as number);
      const [base, end] = [this.#bases[b] as number, this.#endOf(b)];
      const part = parts[b] as BytesColumn;
      const source = asBuffer(part.bytes);
      while (i < ids.length && (ids[i] as number) >= base && (ids[i] as number) < end) {
        const at = start[i] as number;
        const from = part.start[(ids[i] as number) - base] as number;
        let to = from;
        for (; i < ids.length && (ids[i] as number) >= base && (ids[i] as number) < end && part.start[(ids[i] as number) - base] === to; i++) to += length[i] as number;
        if (to > from) source.copy(bytes, at, from, to);
      }
    }
  }

  /** The row id behind the last one of a block. */
  #endOf(block: number): number {
    return this.#bases[block + 1] ?? this.count;
  }
}

function bytesOf(column: BytesColumn, row: number): Uint8Array {
  const start = column.start[row] as number;
  return column.bytes.subarray(start, start + (column.length[row] as number));
}

function sameBytes(a: BytesColumn, rowA: number, b: BytesColumn, rowB: number): boolean {
  const length = a.length[rowA] as number;
  if (length !== b.length[rowB]) return false;
  const startA = a.start[rowA] as number;
  const startB = b.start[rowB] as number;
  for (let i = 0; i < length; i++) if (a.bytes[startA + i] !== b.bytes[startB + i]) return false;
  return true;
}

function required<Value>(value: Value | null): Value {
  if (value === null) throw new TypeError('a column that ordering needs was not loaded');
  return value;
}
