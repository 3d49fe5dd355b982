import { defaultLimits } from '../../../src/model/mod.ts';
import { decodeBulk, defaultPushBodyLimits, fieldRules, FilterPath, runInSlices, writeBulkAnswer, type BulkOptions, type DocumentLimits, type FieldSettings, type PushBodyLimits } from '../../../src/protocols/mod.ts';
import { plainRows, type PlainRow } from '../plain-rows.ts';

export const fields: FieldSettings = {
  labels: defaultLimits.elasticsearch_label_fields,
  line: defaultLimits.elasticsearch_line_fields,
  time: defaultLimits.elasticsearch_time_fields,
  ignored: [],
};

export const documentDefaults: DocumentLimits = { pairsMax: 128, pairBytesMax: 65_536, labelsMax: 15, labelBytesMax: 2048, levels: true, nowSeconds: 1_800_000_000, nowNanos: 5 };

export interface Options {
  readonly fields?: Partial<FieldSettings>;
  readonly document?: Partial<DocumentLimits>;
  readonly limits?: Partial<PushBodyLimits>;
  readonly index?: string;
}

export function bulkOptions(options: Options = {}): BulkOptions {
  return {
    rules: fieldRules({ ...fields, ...options.fields }),
    document: { ...documentDefaults, ...options.document },
    limits: { ...defaultPushBodyLimits, ...options.limits },
    index: options.index ?? '',
  };
}

/** A bulk body of lines; objects become JSON. */
export function bodyOf(lines: readonly (string | object)[]): Buffer {
  return Buffer.from(lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
}

export interface Item {
  readonly action: string;
  readonly status: number;
  readonly error?: { readonly type: string; readonly reason: string };
  readonly _index?: string;
  readonly _id?: string | null;
}

/** Reads a body; the entries, and the items of the answer with their action. */
export async function readBulk(body: Buffer, options: Options = {}): Promise<{ readonly rows: PlainRow[]; readonly items: Item[]; readonly streams: number }> {
  const request = await runInSlices(decodeBulk(body, bulkOptions(options)));
  const rows = plainRows(request.batch);
  const answer = await runInSlices(writeBulkAnswer(request, 1, new FilterPath('')));
  const { items, errors } = JSON.parse(answer.body.toString()) as { items: Record<string, Omit<Item, 'action'>>[]; errors: boolean };
  if (errors !== items.some((item) => Object.values(item)[0]!.status > 299)) throw new Error('errors does not say what items say');
  const streams = request.batch.streams.length;
  request.release();
  return { rows, items: items.map((item) => ({ action: Object.keys(item)[0]!, ...Object.values(item)[0]! })), streams };
}
