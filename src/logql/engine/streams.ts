import { formatLabels, tenantLabel, type LabelSet } from '../../model/mod.ts';
import type { Batch, OutputLabels } from '../source.ts';
import { JsonWriter } from './json.ts';
import { compareLabels, labelsKey } from './labels.ts';
import type { ResultRow } from './types.ts';

/** A label set as a JSON object. */
export function writeLabels(json: JsonWriter, labels: LabelSet): void {
  json.raw('{');
  for (const [i, label] of labels.entries()) {
    if (i > 0) json.raw(',');
    json.string(label.name).raw(':').string(label.value);
  }
  json.raw('}');
}

/** Loki shows U+FFFD in labels as a space, but for categorised ones. */
function spaced(labels: LabelSet): LabelSet {
  if (!labels.some(({ value }) => value.includes('\ufffd'))) return labels;
  return labels.map(({ name, value }) => ({ name, value: value.replaceAll('\ufffd', ' ') }));
}

interface OutputStream {
  readonly labels: LabelSet;
  /** Indices of its rows. */
  readonly rows: number[];
}

/**
 * Writes rows as Loki's streams: an array of `{"stream":…,"values":[…]}` in the order of the labels, each with its rows in their order.
 * With `categorize` a stream has the stream's labels only, and each value has the others as its third element.
 */
export function* writeStreams(json: JsonWriter, labels: readonly OutputLabels[], rows: readonly ResultRow[], categorize: boolean): Generator<Buffer> {
  const sets = labels.map((set) => (categorize ? categorizedStream(set) : mergedLabels(set)));
  // The third element of a categorised value is the same for all rows of a label set.
  const categories = categorize ? labels.map(formatCategories) : null;
  const streams = new Map<string, OutputStream>();
  const streamOf = sets.map((set) => {
    const key = labelsKey(set);
    const known = streams.get(key);
    if (known !== undefined) return known;
    const stream: OutputStream = { labels: set, rows: [] };
    streams.set(key, stream);
    return stream;
  });
  for (const [i, row] of rows.entries()) (streamOf[row.labels] as OutputStream).rows.push(i);
  if (categorize) orderTies(streams.values(), labels, rows);
  json.raw('[');
  let comma = '';
  for (const stream of [...streams.values()].filter((one) => one.rows.length > 0).sort((a, b) => compareLabels(a.labels, b.labels))) {
    json.raw(`${comma}{"stream":`);
    comma = ',';
    writeLabels(json, categorize ? stream.labels : spaced(stream.labels));
    json.raw(',"values":[');
    for (const [i, at] of stream.rows.entries()) {
      const row = rows[at] as ResultRow;
      json.raw(i > 0 ? ',["' : '["').raw(String(row.timeNs)).raw('",').bytes(row.line);
      if (categories !== null) json.raw(',').raw(categories[row.labels] as string);
      json.raw(']');
      yield* json.takeFull();
    }
    json.raw(']}');
  }
  json.raw(']');
}

/**
 * Of one stream's rows of the same time those with the same labels stand together, in the order of their printed labels, forward and backward: Loki makes the streams of a
 * categorised answer from streams of one label set each.
 */
function orderTies(streams: Iterable<OutputStream>, labels: readonly OutputLabels[], rows: readonly ResultRow[]): void {
  const printed: string[] = [];
  const print = (at: number): string => (printed[at] ??= formatLabels(mergedLabels(labels[at] as OutputLabels)));
  for (const { rows: own } of streams) {
    for (let from = 0, to = 1; from < own.length; from = to++) {
      const first = rows[own[from] as number] as ResultRow;
      let differ = false;
      for (; to < own.length && (rows[own[to] as number] as ResultRow).timeNs === first.timeNs; to++) differ ||= (rows[own[to] as number] as ResultRow).labels !== first.labels;
      if (!differ) continue;
      const tied = own.slice(from, to).map((at) => ({ at, key: print((rows[at] as ResultRow).labels) }));
      tied.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
      for (const [i, { at }] of tied.entries()) own[from + i] = at;
    }
  }
}

/** All labels of a row in one set; of a name that occurs twice parsed wins over metadata, metadata over the stream. */
export function mergedLabels(labels: OutputLabels): LabelSet {
  if (labels.structuredMetadata.length === 0 && labels.parsed.length === 0) return labels.stream;
  const { tenant } = labels;
  const merged = new Map<string, string>();
  for (const set of [labels.stream, labels.structuredMetadata, labels.parsed]) for (const { name, value } of set) merged.set(name, value);
  // Loki writes the labels of several tenants anew, and leaves out empty ones then.
  if (tenant !== undefined) merged.set(tenantLabel, tenant);
  const pairs = tenant === undefined ? [...merged] : [...merged].filter(([, value]) => value !== '');
  return pairs.map(([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The labels of a row's stream where the others stand beside its line: a label that a line or metadata brought is with those, also the tenants' one. */
function categorizedStream({ stream, structuredMetadata, parsed, tenant }: OutputLabels): LabelSet {
  if (tenant === undefined || ![...structuredMetadata, ...parsed].some(({ name }) => name === tenantLabel)) return stream;
  return stream.filter(({ name }) => name !== tenantLabel);
}

function formatCategories(labels: OutputLabels): string {
  const json = new JsonWriter(512);
  json.raw('{');
  if (labels.structuredMetadata.length > 0) {
    json.raw('"structuredMetadata":');
    writeLabels(json, labels.structuredMetadata);
    if (labels.parsed.length > 0) json.raw(',');
  }
  if (labels.parsed.length > 0) {
    json.raw('"parsed":');
    writeLabels(json, labels.parsed);
  }
  json.raw('}');
  return Buffer.concat([...json.takeRest()]).toString('utf8');
}

/** Rows of one stream that a tail's client did not get. */
export interface DroppedRows {
  readonly labels: LabelSet;
  readonly count: number;
  /** Times of the first and the last of them. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/**
 * Writes rows as a frame of Loki's tail. Rows keep their order: a stream object holds rows of one label set that follow one another. `dropped_entries` has an object per stream where
 * Loki has one per entry, with `count` and `last_timestamp` beside Loki's fields.
 */
export function encodeTailFrame(batch: Pick<Batch, 'labels' | 'rows'>, options: { readonly categorizeLabels?: boolean; readonly dropped?: readonly DroppedRows[] } = {}): string {
  const categorize = options.categorizeLabels === true;
  const json = new JsonWriter(4096);
  const chunks: Buffer[] = [];
  json.raw('{"streams":');
  chunks.push(...writeRuns(json, batch.labels, batch.rows, categorize));
  if (categorize) json.raw(',"encodingFlags":["categorize-labels"]');
  json.raw(',"dropped_entries":');
  writeDropped(json, options.dropped ?? []);
  json.raw('}');
  chunks.push(...json.takeRest());
  return Buffer.concat(chunks).toString('utf8');
}

function labelsText(labels: LabelSet): string {
  const json = new JsonWriter(512);
  writeLabels(json, labels);
  return Buffer.concat([...json.takeRest()]).toString('utf8');
}

/** Streams in the order of their rows: one for each run of rows with the same labels. */
function* writeRuns(json: JsonWriter, labels: readonly OutputLabels[], rows: readonly ResultRow[], categorize: boolean): Generator<Buffer> {
  const streams = labels.map((set) => labelsText(categorize ? categorizedStream(set) : spaced(mergedLabels(set))));
  const categories = categorize ? labels.map(formatCategories) : null;
  let before: string | undefined;
  json.raw('[');
  for (const { timeNs, labels: at, line } of rows) {
    const stream = streams[at] as string;
    if (stream !== before) json.raw(before === undefined ? '{"stream":' : ']},{"stream":').raw(stream).raw(',"values":[["');
    else json.raw(',["');
    before = stream;
    json.raw(String(timeNs)).raw('",').bytes(line);
    if (categories !== null) json.raw(',').raw(categories[at] as string);
    json.raw(']');
    yield* json.takeFull();
  }
  json.raw(before === undefined ? ']' : ']}]');
}

function writeDropped(json: JsonWriter, dropped: readonly DroppedRows[]): void {
  if (dropped.length === 0) {
    json.raw('null');
    return;
  }
  for (const [i, { labels, count, firstNs, lastNs }] of dropped.entries()) {
    json.raw(`${i === 0 ? '[' : ','}{"timestamp":"${firstNs}","labels":`);
    writeLabels(json, labels);
    json.raw(`,"count":${count},"last_timestamp":"${lastNs}"}`);
  }
  json.raw(']');
}
