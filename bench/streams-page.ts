/** What bench/streams.ts measures, as a section of docs/performance.md. */

export interface StreamsResult {
  readonly date: string;
  readonly commit: string;
  readonly phases: readonly StreamsPhase[];
}

export interface StreamsPhase {
  readonly what: string;
  readonly streams: number;
  readonly pushes: number;
  readonly lines: number;
  readonly rawMB: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly p50ms: number;
  readonly p99ms: number;
  readonly refused: number;
  readonly peakMiB: number;
  readonly restMiB: number;
  readonly storedMB: number;
  readonly objects: number;
  readonly queries: readonly { readonly id: string; readonly firstMs: number; readonly bestMs: number; readonly answer: string }[];
}

export function streamsText({ date, commit, phases }: StreamsResult): string {
  const row = (what: string, value: (phase: StreamsPhase) => string): string => `| ${what} | ${phases.map(value).join(' | ')} |`;
  const ids = [...new Set(phases.flatMap(({ queries }) => queries.map(({ id }) => id)))];
  const number = (value: number): string => value.toLocaleString('en-US');
  return `## Many streams

Written by bench/streams.ts (${date}, commit ${commit}): one server, one phase after the other in the same data directory; memory is the most of the process up to then, stored is everything up to then. Queries: first run after the phase's flush / best of three (ms), and what was found.

| | ${phases.map(({ what }) => what).join(' | ')} |
|---|${phases.map(() => '---').join('|')}|
${row('streams', ({ streams }) => number(streams))}
${row('pushes', ({ pushes }) => number(pushes))}
${row('lines', ({ lines }) => number(lines))}
${row('raw MB', ({ rawMB }) => rawMB.toFixed(1))}
${row('seconds / CPU seconds, until stored', ({ seconds, cpuSeconds }) => `${seconds.toFixed(1)} / ${cpuSeconds.toFixed(1)}`)}
${row('push latency p50 / p99 (ms)', ({ p50ms, p99ms }) => `${p50ms.toFixed(1)} / ${p99ms.toFixed(1)}`)}
${row('pushes refused and repeated', ({ refused }) => number(refused))}
${row('peak memory (MiB)', ({ peakMiB }) => number(peakMiB))}
${row('memory at rest (MiB)', ({ restMiB }) => number(restMiB))}
${row('stored (MB)', ({ storedMB }) => storedMB.toFixed(1))}
${row('objects', ({ objects }) => number(objects))}
${ids.map((id) => row(id, ({ queries }) => {
    const found = queries.find((query) => query.id === id);
    return found === undefined ? '–' : `${found.firstMs.toFixed(0)} / ${found.bestMs.toFixed(0)} (${found.answer})`;
  })).join('\n')}`;
}
