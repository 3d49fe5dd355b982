/** What an action wants, by number: the key of its item in the answer. */
export const actionNames = ['index', 'create', 'update', 'delete'] as const;
export const action = { index: 0, create: 1, update: 2, delete: 3 } as const;

/** Why an item is refused, as Elasticsearch says such things. */
export interface ItemFault {
  readonly status: number;
  readonly type: string;
  readonly reason: string;
}

/** Reasons of so many items of a request are worded; those of the others are told without details. */
const wordedMax = 1000;

/** The actions of a bulk request, in its order; columns, no object per item. */
export class BulkItems {
  count = 0;
  /** Whether any item is refused. */
  faulty = 0;
  action = new Uint8Array(64);
  /** Index of each item in `indexNames`. */
  index = new Uint32Array(64);
  /** Place of the id that the client gave; length 0 where it gave none. */
  idStart = new Uint32Array(64);
  idLength = new Uint32Array(64);
  /** The row of each item, or -1 where it has none. First that in which it was added; `settle` makes it that of the batch. */
  row = new Int32Array(64);
  readonly indexNames: string[] = [];
  readonly #indexIds = new Map<string, number>();
  readonly #faults = new Map<number, ItemFault>();
  /** Item of each row of the batch. */
  #itemOf = new Uint32Array(0);
  #worded = 0;

  /** Adds an item without a row; its number. */
  add(kind: number, indexId: number, idStart: number, idLength: number): number {
    const item = this.count;
    if (item === this.action.length) this.#grow();
    this.count = item + 1;
    this.action[item] = kind;
    this.index[item] = indexId;
    this.idStart[item] = idStart;
    this.idLength[item] = idLength;
    this.row[item] = -1;
    return item;
  }

  #grow(): void {
    const capacity = this.action.length * 2;
    this.action = grown(this.action, new Uint8Array(capacity));
    this.index = grown(this.index, new Uint32Array(capacity));
    this.idStart = grown(this.idStart, new Uint32Array(capacity));
    this.idLength = grown(this.idLength, new Uint32Array(capacity));
    this.row = grown(this.row, new Int32Array(capacity));
  }

  /** The number of an index's name. */
  indexId(name: string): number {
    let id = this.#indexIds.get(name);
    if (id === undefined) {
      id = this.indexNames.push(name) - 1;
      this.#indexIds.set(name, id);
    }
    return id;
  }

  /** Refuses an item; the first reason stays. `fault` is asked for its words only while there are few. */
  refuse(item: number, status: number, type: string, reason: () => string): void {
    if (this.#faults.has(item)) return;
    this.faulty++;
    this.#faults.set(item, this.#worded++ < wordedMax ? { status, type, reason: reason() } : sharedFault(status, type));
  }

  fault(item: number): ItemFault | undefined {
    return this.faulty === 0 ? undefined : this.#faults.get(item);
  }

  /** Says where rows went in the batch. */
  settle(rowOf: Uint32Array | null, rows: number): void {
    this.#itemOf = new Uint32Array(rows);
    for (let item = 0; item < this.count; item++) {
      const added = this.row[item]!;
      if (added < 0) continue;
      const row = rowOf === null ? added : rowOf[added]!;
      this.row[item] = row;
      this.#itemOf[row] = item;
    }
  }

  /** The item that a row of the batch belongs to. */
  itemOf(row: number): number {
    return this.#itemOf[row]!;
  }
}

const shared = new Map<string, ItemFault>();

/** A refusal without details, the same object for all. */
function sharedFault(status: number, type: string): ItemFault {
  const key = `${status} ${type}`;
  let fault = shared.get(key);
  if (fault === undefined) {
    fault = { status, type, reason: `as for earlier items of this request (${wordedMax} reasons are worded)` };
    shared.set(key, fault);
  }
  return fault;
}

function grown<Column extends Uint8Array | Uint32Array | Int32Array>(column: Column, larger: Column): Column {
  larger.set(column);
  return larger;
}
