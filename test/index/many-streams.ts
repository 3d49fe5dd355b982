import { buildIndex, type IndexContent, type IndexRef } from '../../src/index/mod.ts';
import { dayStartNs, labelSet } from '../../src/model/mod.ts';

/** An index file and the reference that a manifest would have. */
export function build(key: string, indexContent: IndexContent): { readonly data: Uint8Array; readonly ref: IndexRef } {
  const { data, ...figures } = buildIndex(indexContent);
  return { data, ref: { key, size: data.length, tenant: indexContent.tenant, day: indexContent.day, ...figures } };
}

/** Many streams, one chunk each: { app, env, pod, …}, `pod` different in each. */
export function manyStreams(count: number, dayNumber = 20_454): IndexContent {
  const start = dayStartNs(dayNumber);
  return {
    tenant: 'acme',
    day: dayNumber,
    segments: [{ key: 'segments/0', size: 1e9, footerBytes: 1e5 }],
    chunks: Array.from({ length: count }, (_, i) => ({
      labels: labelSet([
        ['app', `app-${i % 50}`],
        ['cluster', 'eu-west-1'],
        ['env', i % 10 === 0 ? 'dev' : 'prod'],
        ['namespace', `team-${i % 500}`],
        ['pod', `app-${i % 50}-${(Math.imul(i, 2_654_435_761) >>> 0).toString(16).padStart(8, '0')}-${i}`],
      ]),
      segment: 0, rowGroup: Math.floor(i / 500), rowStart: (i % 500) * 100, rows: 100, bytes: 10_000,
      minNs: start + BigInt(i % 86_400) * 1_000_000_000n, maxNs: start + BigInt(i % 86_400) * 1_000_000_000n + 999_999_999n,
    })),
  };
}
