import { Failure } from './failure.ts';
import { labelsFrom, type Labels } from './labels.ts';

/** One log entry of an answer. */
export interface Entry {
  readonly timeNs: bigint;
  readonly labels: Labels;
  readonly line: string;
}

/** What `query` and `query_range` answer. */
export interface QueryAnswer {
  readonly resultType: string;
  /** Entries of a log query, as they stand in the answer: stream by stream. */
  readonly entries: readonly Entry[];
  /** The result as it came, for everything but logs. */
  readonly result: unknown;
  readonly stats: unknown;
  readonly warnings: readonly string[];
}

/** A frame of a live tail. */
export interface TailFrame {
  readonly entries: readonly Entry[];
  /** True where the server left out entries because we read too slowly. */
  readonly dropped: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/** Reads the answer of `query` or `query_range`. */
export function readQueryAnswer(body: unknown): QueryAnswer {
  const data = objectOf(objectOf(body, 'the answer')['data'], 'data');
  const resultType = data['resultType'];
  if (typeof resultType !== 'string') throw unexpected('data.resultType is missing');
  const warnings = objectOf(body, 'the answer')['warnings'];
  return {
    resultType,
    entries: resultType === 'streams' ? readStreams(data['result']) : [],
    result: data['result'],
    stats: data['stats'],
    warnings: Array.isArray(warnings) ? warnings.map(String) : [],
  };
}

/** Reads a frame of the tail. */
export function readTailFrame(text: string): TailFrame {
  const frame = objectOf(parseJson(text), 'the frame');
  const dropped = frame['dropped_entries'];
  return { entries: readStreams(frame['streams'] ?? []), dropped: Array.isArray(dropped) && dropped.length > 0 };
}

/** Reads the list of strings that `labels` and `label/…/values` answer; an absent list is empty, as Loki answers. */
export function readStrings(body: unknown): string[] {
  const data = objectOf(body, 'the answer')['data'] ?? [];
  return arrayOf(data, 'data').map(String);
}

/** Reads the label sets that `series` answers. */
export function readSeries(body: unknown): Labels[] {
  return arrayOf(objectOf(body, 'the answer')['data'] ?? [], 'data').map(labelsFrom);
}

function readStreams(streams: unknown): Entry[] {
  const entries: Entry[] = [];
  for (const stream of arrayOf(streams, 'streams')) {
    const { stream: names, values } = objectOf(stream, 'a stream') as { stream?: unknown; values?: unknown };
    const labels = labelsFrom(names);
    for (const value of arrayOf(values, 'values')) {
      const [time, line, extra] = arrayOf(value, 'a value');
      if (typeof time !== 'string' || typeof line !== 'string' || !/^-?\d{1,19}$/.test(time)) throw unexpected('an entry is not [time, line]');
      entries.push({ timeNs: BigInt(time), labels: extra === undefined ? labels : withExtra(labels, extra), line });
    }
  }
  return entries;
}

/** A server that sends categorised labels unasked: they are labels all the same. */
function withExtra(labels: Labels, extra: unknown): Labels {
  const more = objectOf(extra, 'the third element of a value');
  return labelsFrom(Object.fromEntries([...labels, ...labelsFrom(more['structuredMetadata']), ...labelsFrom(more['parsed'])]));
}

/** An answer's value as an object; throws a Failure that names `what` where it is none. */
export function objectOf(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected(`${what} is not an object`);
  return value as Json;
}

/** An answer's value as a list; throws a Failure that names `what` where it is none. */
export function arrayOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw unexpected(`${what} is not a list`);
  return value as readonly unknown[];
}

/** Parses JSON; throws a Failure that shows the beginning where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unexpected(`no JSON but "${text.slice(0, 80)}"`);
  }
}

function unexpected(reason: string): Failure {
  return new Failure(`the server does not answer as Loki's API does: ${reason}`);
}
