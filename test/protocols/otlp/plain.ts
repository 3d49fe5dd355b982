import { compileMatcher } from '../../../src/logql/mod.ts';
import { defaultLimits, defaultOtlpConfig, type OtlpConfig } from '../../../src/model/mod.ts';
import { decodeOtlp, defaultPushBodyLimits, OtlpMapping, type OtlpRequest, type PushBodyLimits } from '../../../src/protocols/mod.ts';

export const nowNs = 1_795_358_212_000_000_000n;

/** What a batch holds, as plain values: metadata in the order of the pairs, of a name the last. */
export interface PlainRow {
  readonly labels: Readonly<Record<string, string>>;
  readonly timeNs: bigint;
  readonly line: string;
  readonly metadata: readonly (readonly [string, string])[];
}

export interface Plain {
  readonly rows: readonly PlainRow[];
  readonly warning: string;
  readonly expandedBytes: number;
}

export interface PlainOptions {
  readonly format?: OtlpRequest['format'];
  readonly encoding?: string;
  readonly config?: Partial<OtlpConfig>;
  readonly serviceLabels?: readonly string[];
  readonly limits?: Partial<PushBodyLimits>;
}

/** Decodes an export to plain values. */
export async function plain(body: Buffer, { format = 'protobuf', encoding = '', config = {}, serviceLabels = defaultLimits.discover_service_name, limits = {} }: PlainOptions = {}): Promise<Plain> {
  const mapping = new OtlpMapping({ ...defaultOtlpConfig, ...config }, serviceLabels, (regex) => {
    const matcher = compileMatcher({ name: '', op: '=~', value: regex });
    return (name) => matcher.matches(name);
  });
  const { batch, warning, expandedBytes } = await decodeOtlp({ body, format, contentEncoding: encoding, limits: { ...defaultPushBodyLimits, ...limits }, mapping, nowNs, backfillShard: '' });
  const text = (start: number, length: number): string => batch.bytes.toString('utf8', start, start + length);
  const rows = batch.streams.flatMap(({ labels, firstRow, rows: count }) =>
    Array.from({ length: count }, (_, i): PlainRow => {
      const row = firstRow + i;
      const metadata: [string, string][] = [];
      for (let at = batch.pairStart[row]! * 4; at < batch.pairStart[row + 1]! * 4; at += 4) metadata.push([text(batch.pairs[at]!, batch.pairs[at + 1]!), text(batch.pairs[at + 2]!, batch.pairs[at + 3]!)]);
      return { labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])), timeNs: batch.timeNs[row]!, line: text(batch.lineStart[row]!, batch.lineLength[row]!), metadata };
    }),
  );
  if (batch.rows !== rows.length) throw new Error('streams do not cover the rows');
  batch.release();
  return { rows, warning, expandedBytes };
}
