import { SpoorError } from '../../model/mod.ts';
import { Arena } from '../arena.ts';
import type { RawBatch } from '../batch.ts';
import { GroupedRows } from '../grouped-rows.ts';
import type { PushBodyLimits } from '../limits.ts';
import { ActionReader } from './action.ts';
import { DocumentReader, type DocumentLimits } from './document.ts';
import type { FieldRules } from './fields.ts';
import { action, BulkItems } from './items.ts';
import { JsonScan } from './json-scan.ts';
import { stableLength } from './index-name.ts';

const lineEnd = 0x0a;
const openBrace = 0x7b;
/** Bytes that are read between two yields. */
const yieldBytes = 65_536;
/** Actions of one request; each is answered with some hundred bytes. */
export const bulkItemsMax = 250_000;
/** Bytes of one document: reading one holds the event loop. Lines and metadata of an entry are far shorter. */
export const documentBytesMax = 8 * 2 ** 20;
/** The index of documents that name none: the data stream that Elasticsearch's own shippers fall back to. */
const defaultIndex = 'logs-generic-default';

/** How a bulk request is read. */
export interface BulkOptions {
  readonly rules: FieldRules;
  readonly document: DocumentLimits;
  readonly limits: PushBodyLimits;
  /** The index of the URL; '' where it has none. */
  readonly index: string;
}

/** A bulk request that was read. */
export interface BulkRequest {
  readonly items: BulkItems;
  /** The documents; what its columns point into stays until `release`. */
  readonly batch: RawBatch;
  /** What ids of items point into. */
  readonly bytes: Buffer;
  /** Gives the memory of the batch back, once the answer is written. */
  release(): void;
}

/**
 * Reads the body of a bulk request: lines of JSON, an action and, behind `index`, `create` and `update`, a document. What is wrong with one action or document is told of that
 * item, and the others are read on: after a line that is no action, the next line that is one counts. Throws `elastic_bulk` where nothing can be read (no line end at the end, no
 * action at all, nothing) and `push_too_many`.
 */
export function* decodeBulk(body: Buffer, options: BulkOptions): Generator<void, BulkRequest> {
  if (body.length === 0) throw new SpoorError('elastic_bulk', { type: 'parse_exception', reason: 'request body is required' });
  if (body[body.length - 1] !== lineEnd) throw new SpoorError('elastic_bulk', { type: 'illegal_argument_exception', reason: 'The bulk request must be terminated by a newline [\\n]' });
  const arena = arenaFor(body);
  try {
    return yield* new BulkReader(body, arena, options).run();
  } catch (error) {
    arena.release();
    throw error;
  }
}

/**
 * Memory for a body, and for what is made of it: unescaped texts are no longer than they were, and names are joined once for each path, so that only bodies made for it need more than
 * this. Those are refused with `push_too_many`.
 */
export function arenaFor(body: Buffer): Arena {
  const bytesMax = 3 * body.length + 4 * 2 ** 20;
  return new Arena(body.length + Math.min(body.length >>> 2, 2 ** 20) + 4096, bytesMax, () => new SpoorError('push_too_many', { limit: bytesMax, what: 'bytes of field names', name: 'elasticsearch bulk' }));
}

class BulkReader {
  readonly #arena: Arena;
  readonly #end: number;
  readonly #items = new BulkItems();
  readonly #rows: GroupedRows;
  readonly #scan: JsonScan;
  readonly #actions: ActionReader;
  readonly #documents: DocumentReader;
  /** Index of the URL: its number, and its place for the label. */
  readonly #pathIndexId: number;
  readonly #pathIndexStart: number;
  readonly #pathIndexLength: number;

  constructor(body: Buffer, arena: Arena, { rules, document, limits, index }: BulkOptions) {
    this.#arena = arena;
    arena.append(body);
    this.#end = body.length;
    this.#scan = new JsonScan(arena, limits.jsonDepthMax);
    this.#rows = new GroupedRows(rules.labels, { ...limits, entriesMax: Math.min(limits.entriesMax, bulkItemsMax) }, Math.min(1024, body.length >>> 8));
    this.#actions = new ActionReader(this.#scan, this.#items);
    this.#documents = new DocumentReader(this.#scan, rules, this.#rows, document);
    this.#pathIndexId = this.#items.indexId(index === '' ? defaultIndex : index);
    const name = Buffer.from(index);
    this.#pathIndexStart = arena.append(name);
    this.#pathIndexLength = stableLength(arena.bytes, this.#pathIndexStart, name.length);
  }

  *run(): Generator<void, BulkRequest> {
    const scan = this.#scan;
    let yieldAt = yieldBytes;
    let isAny = false;
    for (let at = 0; at < this.#end; ) {
      const end = this.#lineEnd(at);
      scan.end = end;
      const start = scan.blank(at);
      at = end + 1;
      if (start >= end) continue;
      if (this.#items.count >= bulkItemsMax) throw new SpoorError('push_too_many', { limit: bulkItemsMax, what: 'actions', name: 'elasticsearch bulk' });
      if (this.#actions.read(start, end, this.#pathIndexId)) {
        isAny = true;
        at = this.#action(at);
      } else at = this.#noAction(at);
      if (at >= yieldAt) {
        yield;
        yieldAt = at + yieldBytes;
      }
    }
    if (this.#items.count === 0) throw new SpoorError('elastic_bulk', { type: 'action_request_validation_exception', reason: 'Validation Failed: 1: no requests added;' });
    if (!isAny) throw new SpoorError('elastic_bulk', { type: 'illegal_argument_exception', reason: this.#items.fault(0)?.reason ?? 'no action' });
    const { bytes } = this.#arena;
    const { batch, rowOf } = this.#rows.finish(bytes);
    this.#items.settle(rowOf, batch.rows);
    const arena = this.#arena;
    return {
      items: this.#items,
      bytes,
      // The answer reads ids from the bytes after the distributor is done with them.
      batch: { ...batch, release: () => undefined },
      release: () => {
        batch.release();
        arena.release();
      },
    };
  }

  /** A position that holds a line end; the last byte is one. */
  #lineEnd(from: number): number {
    const end = this.#arena.bytes.indexOf(lineEnd, from);
    return end < 0 || end >= this.#end ? this.#end - 1 : end;
  }

  /** Deals with the action that was read; where the next one may begin. */
  #action(at: number): number {
    const { kind, indexId, idStart, idLength } = this.#actions;
    const item = this.#items.add(kind, indexId, idStart, idLength);
    if (kind === action.delete) {
      this.#refuseChange(item, 'delete');
      return at;
    }
    if (at >= this.#end) {
      this.#items.refuse(item, 400, 'parse_exception', () => 'the document of this action is missing');
      return at;
    }
    const end = this.#lineEnd(at);
    if (kind === action.update) this.#refuseChange(item, 'update');
    else this.#document(item, at, end);
    return end + 1;
  }

  #document(item: number, start: number, end: number): void {
    if (end - start > documentBytesMax) {
      this.#items.refuse(item, 413, 'content_too_long_exception', () => `a document of ${end - start} bytes is over the limit of ${documentBytesMax}`);
      return;
    }
    const { indexId, indexStart, indexLabelLength } = this.#actions;
    const row = this.#rows.rows.rows;
    const isPath = indexId === this.#pathIndexId;
    const labelStart = isPath ? this.#pathIndexStart : indexStart;
    const labelLength = isPath ? this.#pathIndexLength : indexLabelLength;
    if (this.#documents.read(start, end, labelStart, labelLength)) this.#items.row[item] = row;
    else this.#items.refuse(item, 400, 'document_parsing_exception', () => `[1:${this.#scan.faultAt - start + 1}] ${this.#scan.fault}`);
  }

  #refuseChange(item: number, name: string): void {
    this.#items.refuse(item, 400, 'illegal_argument_exception', () => `only write ops with an op_type of create or index are allowed: spoor keeps log entries, which do not change, and does not ${name} them`);
  }

  /** A line that is no action is an item of its own. Where it seems to have a document, that is passed over; where the next action may begin. */
  #noAction(at: number): number {
    const { fault } = this.#scan;
    const item = this.#items.add(action.index, this.#pathIndexId, 0, 0);
    this.#items.refuse(item, 400, 'illegal_argument_exception', () => `Malformed action/metadata line [${item + 1}]: ${fault}`);
    if (at >= this.#end) return at;
    const end = this.#lineEnd(at);
    const start = this.#scan.blank(at);
    if (this.#arena.bytes[start] !== openBrace || this.#actions.read(start, end, this.#pathIndexId)) return at;
    return end + 1;
  }
}
