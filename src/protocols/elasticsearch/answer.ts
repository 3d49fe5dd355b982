import { randomBytes } from 'node:crypto';
import { ByteWriter } from '../../bytes/mod.ts';
import type { BulkRequest } from './bulk.ts';
import { FilterPath } from './filter-path.ts';
import { action, actionNames, type BulkItems } from './items.ts';

/** Characters that are gathered before they become bytes. */
const pieceCharacters = 16_384;
/** Ids that the server makes have as many characters as Elasticsearch's. */
const idCharacters = 20;
const counterCharacters = 7;

/** What the answer to a bulk request is made of. */
export interface BulkAnswer {
  /** The answer, as JSON. */
  readonly body: Buffer;
  readonly errors: boolean;
}

/** Which parts of an item are wanted. */
interface Gates {
  readonly index: boolean;
  readonly id: boolean;
  readonly version: boolean;
  readonly result: boolean;
  readonly shards: string;
  readonly seqNo: boolean;
  readonly primaryTerm: boolean;
  readonly status: boolean;
  readonly errorType: boolean;
  readonly errorReason: boolean;
}

/**
 * Writes `{"took": …, "errors": …, "items": [{"create": {"_index": …, "_id": …, "status": 201, …}}, …]}`, what of it `filter` wants. An item of which nothing is
 * wanted is left out. Yields every fraction of a millisecond.
 */
export function* writeBulkAnswer(request: BulkRequest, tookMs: number, filter: FilterPath): Generator<void, BulkAnswer> {
  const { items } = request;
  const writer = new ByteWriter(Math.min(items.count * 220 + 64, 2 ** 20));
  const text = new ItemText(request, filter);
  const errors = items.faulty > 0;
  let head = '{';
  // In this order: Fluent Bit, which may not see the end of a long answer, looks for `"errors":false,"items":[`.
  if (filter.keeps(['took'])) head += `"took":${tookMs}`;
  if (filter.keeps(['errors'])) head += `${head === '{' ? '' : ','}"errors":${errors}`;
  let piece = '';
  let any = false;
  for (let item = 0; item < items.count; item++) {
    const one = text.item(item);
    if (one === '') continue;
    if (!any) piece = `${head}${head === '{' ? '' : ','}"items":[`;
    piece += any ? `,${one}` : one;
    any = true;
    if (piece.length >= pieceCharacters) {
      writer.bytes(Buffer.from(piece));
      piece = '';
      yield;
    }
  }
  writer.bytes(Buffer.from(any ? `${piece}]}` : `${head}}`));
  return { body: writer.view(), errors };
}

/** The answer to a request of one document: the inside of its item. */
export function singleAnswer(request: BulkRequest): Record<string, unknown> {
  const whole = JSON.parse(new ItemText(request, new FilterPath('')).item(0)) as Record<string, Record<string, unknown>>;
  return { ...whole[actionNames[request.items.action[0]!]!] };
}

/** The text of items. */
class ItemText {
  readonly #items: BulkItems;
  readonly #bytes: Buffer;
  readonly #names: readonly string[];
  readonly #gates: readonly Gates[];
  readonly #idHead = randomBytes(16).toString('base64url').slice(0, idCharacters - counterCharacters);

  constructor({ items, bytes }: BulkRequest, filter: FilterPath) {
    this.#items = items;
    this.#bytes = bytes;
    this.#names = items.indexNames.map((name) => JSON.stringify(name));
    this.#gates = actionNames.map((name) => gatesOf(name, filter));
  }

  item(item: number): string {
    const items = this.#items;
    const kind = items.action[item]!;
    const gates = this.#gates[kind]!;
    const fault = items.fault(item);
    let text = '';
    if (gates.index) text = `,"_index":${this.#names[items.index[item]!]!}`;
    if (gates.id) text += this.#id(item, fault !== undefined);
    if (fault === undefined) {
      if (gates.version) text += ',"_version":1';
      if (gates.result) text += ',"result":"created"';
      text += gates.shards;
      // A number for each item of the request: nothing is ever changed, so no number is asked for.
      if (gates.seqNo) text += `,"_seq_no":${item}`;
      if (gates.primaryTerm) text += ',"_primary_term":1';
      if (gates.status) text += ',"status":201';
    } else {
      if (gates.status) text += `,"status":${fault.status}`;
      let error = gates.errorType ? `"type":${JSON.stringify(fault.type)}` : '';
      if (gates.errorReason) error += `${error === '' ? '' : ','}"reason":${JSON.stringify(fault.reason)}`;
      if (error !== '') text += `,"error":{${error}}`;
    }
    return text === '' ? '' : `{"${actionNames[kind]!}":{${text.slice(1)}}}`;
  }

  #id(item: number, refused: boolean): string {
    const items = this.#items;
    const length = items.idLength[item]!;
    if (length > 0) {
      const start = items.idStart[item]!;
      return `,"_id":${JSON.stringify(this.#bytes.toString('utf8', start, start + length))}`;
    }
    if (refused) return items.action[item] === action.update || items.action[item] === action.delete ? '' : ',"_id":null';
    return `,"_id":"${this.#idHead}${item.toString(36).padStart(counterCharacters, '0')}"`;
  }
}

function gatesOf(name: string, filter: FilterPath): Gates {
  const keeps = (...path: string[]): boolean => filter.keeps(['items', name, ...path]);
  const shards = [['total', 1], ['successful', 1], ['failed', 0]].filter(([part]) => keeps('_shards', String(part))).map(([part, count]) => `"${part}":${count}`);
  return {
    index: keeps('_index'),
    id: keeps('_id'),
    version: keeps('_version'),
    result: keeps('result'),
    shards: shards.length === 0 ? '' : `,"_shards":{${shards.join(',')}}`,
    seqNo: keeps('_seq_no'),
    primaryTerm: keeps('_primary_term'),
    status: keeps('status'),
    errorType: keeps('error', 'type'),
    errorReason: keeps('error', 'reason'),
  };
}
