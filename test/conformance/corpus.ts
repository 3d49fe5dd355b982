import fs from 'node:fs';
import path from 'node:path';
import { encodeQueryResult, parseQuery, prettyExpr, type Engine } from '../../src/logql/mod.ts';
import { defaultLimits, labelSet, SpoorError, type Label, type Limits } from '../../src/model/mod.ts';
import {
  defaultStepNs, directionParameter, durationParameter, limitParameter, parameter, rangeParameters, timeParameter, type Parameters,
} from '../../src/http/parameters.ts';
import { MemorySource, type Entry } from '../logql/engine/memory-source.ts';

/** The corpus of recorded answers of real Loki; it lies beside the checkout of its developers only. */
export const corpusDir = path.resolve(import.meta.dirname, '../../../shared/conformance');

/**
 * Recorded answers that ours differ from on purpose (docs/adr/008-order-of-equal-times.md): where a stream has more than twelve rows in an answer, Loki's query frontend puts them through a sort that is
 * not stable, which shuffles rows of the same time. Ours stay in the order of arrival, reversed for backward queries.
 */
export const knownDifferences: readonly string[] = ['categorize-labels-017', 'line-filters-003', 'ordering-duplicates-002'];

/** A recorded request and what Loki answered. */
export interface Case {
  readonly id: string;
  readonly kind: string;
  readonly params?: Readonly<Record<string, string | readonly string[]>>;
  readonly tenant?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly flag?: string;
  readonly expect: { readonly status: number; readonly body: unknown; readonly anyError?: boolean; readonly matchBody?: boolean };
}

/** What lib.mjs of the corpus exports. */
interface CorpusLibrary {
  judge(one: Case, answer: { readonly status: number; readonly text: string }): string | undefined;
}

export async function loadLibrary(): Promise<CorpusLibrary> {
  return (await import(path.join(corpusDir, 'lib.mjs'))) as CorpusLibrary;
}

/** Cases by category. */
export function loadCases(): ReadonlyMap<string, readonly Case[]> {
  const dir = path.join(corpusDir, 'cases');
  return new Map(fs.readdirSync(dir).map((file) => [file.replace('.json', ''), JSON.parse(fs.readFileSync(path.join(dir, file), 'utf8')) as readonly Case[]]));
}

type PushBody = { readonly streams: readonly { readonly stream: Readonly<Record<string, string>>; readonly values: readonly (readonly [string, string, Readonly<Record<string, string>>?])[] }[] };

/** The corpus' data set. Of what ingest does only the naming of metadata is done here, so tenant `defaults` (label discovery) has to be left out. */
export function loadSource(scanners: number): MemorySource {
  const source = new MemorySource(scanners);
  const dir = path.join(corpusDir, 'data');
  for (const file of fs.readdirSync(dir)) {
    for (const body of fs.readFileSync(path.join(dir, file), 'utf8').split('\n')) {
      if (body === '') continue;
      const { streams } = JSON.parse(body) as PushBody;
      const pushed = streams.map(({ stream, values }) => ({
        labels: labelSet(Object.entries(stream)),
        entries: values.map(([time, line, metadata]): Entry => ({ timeNs: BigInt(time), line, metadata: metadataLabels(metadata ?? {}) })),
      }));
      source.push(file.replace('.ndjson', ''), pushed);
    }
  }
  return source;
}

function metadataLabels(metadata: Readonly<Record<string, string>>): Label[] {
  const pairs = Object.entries(metadata).map(([name, value]): [string, string] => {
    const clean = Array.from(name, (character) => (/[A-Za-z0-9_]/.test(character) ? character : '_')).join('');
    return [/^[0-9]/.test(clean) ? `key_${clean}` : clean, value];
  });
  return [...labelSet(pairs)];
}

/** As where tenants are told apart: selectors that match everything are refused. */
const lokiLimits: Limits = { ...defaultLimits, max_unselective_query_bytes_read: 0 };

const limitsOf: Readonly<Record<string, Limits>> = {
  limited: {
    ...lokiLimits,
    max_query_series: 5,
    max_entries_limit_per_query: 50,
    max_query_length: 7_200_000_000_000n,
    max_query_range: 1_800_000_000_000n,
    max_streams_matchers_per_query: 4,
  },
};

/** Answers a case of kind query, query_range or format_query as the HTTP layer does. */
export async function answer(engine: Engine, one: Case): Promise<{ readonly status: number; readonly text: string }> {
  const parameters: Parameters = new Map(Object.entries(one.params ?? {}).map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : [String(value)]]));
  try {
    if (one.kind === 'format_query') return { status: 200, text: JSON.stringify({ status: 'success', data: prettyExpr(parseQuery(parameter(parameters, 'query'))) }) };
    const tenant = one.tenant ?? 'main';
    const nowNs = BigInt(Date.now()) * 1_000_000n;
    const shared = {
      tenant, query: parameter(parameters, 'query'), limit: limitParameter(parameters, 100), direction: directionParameter(parameters), limits: limitsOf[tenant] ?? lokiLimits,
    };
    const signal = AbortSignal.timeout(60_000);
    const header = Object.entries(one.headers ?? {}).find(([name]) => name.toLowerCase() === 'x-loki-response-encoding-flags')?.[1] ?? '';
    const encodingFlags = header === '' ? [] : header.split(',').map((flag) => flag.trim());
    const categorizeLabels = encodingFlags.includes('categorize-labels');
    const range = rangeParameters(parameters, nowNs);
    const result =
      one.kind === 'query'
        ? await engine.query({ ...shared, kind: 'instant', timeNs: timeParameter(parameters, 'time', nowNs) }, signal)
        : await engine.query(
            {
              ...shared, kind: 'range', ...range, stepNs: durationParameter(parameters, 'step') ?? defaultStepNs(range.startNs, range.endNs), intervalNs: durationParameter(parameters, 'interval') ?? 0n,
            },
            signal,
          );
    return { status: 200, text: Buffer.concat([...encodeQueryResult(result, { categorizeLabels, encodingFlags })]).toString('utf8') };
  } catch (error) {
    if (error instanceof SpoorError) return { status: error.status, text: one.kind === 'format_query' ? JSON.stringify({ status: 'invalid-query', error: error.message }) : error.message };
    return { status: 599, text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** Whether a case can be asked of an engine without ingest, HTTP and several tenants. */
export function isAnswerable(one: Case): boolean {
  return ['query', 'query_range', 'format_query'].includes(one.kind) && one.tenant !== null && one.tenant !== 'defaults' && !(one.tenant ?? '').includes('|') && one.params?.['regexp'] === undefined;
}
