/** docs/performance.md, from a run only. */
import type { Figures } from './measure.ts';
import { total } from './measure.ts';
import type { Query } from './queries.ts';
import { figure, readMarks, type MarkFigure, type Results, type SizeResult } from './results.ts';
import { noiseMs, tolerances } from './check.ts';
import { protocolsText, type ProtocolsResult } from './protocols-page.ts';
import { streamsText, type StreamsResult } from './streams-page.ts';

const none = '–';

/** The whole page. `expected` are the digests that real Loki gave before, by size. */
export function page(results: Results, queries: readonly Query[], expected: (size: SizeResult) => ReadonlyMap<string, string>, streams: StreamsResult | null, protocols: ProtocolsResult | null): string {
  const small = results.sizes.find(({ mb }) => mb < 1000);
  const big = results.sizes.find(({ mb }) => mb >= 1000);
  const parts = [
    head(results),
    ...(big === undefined ? [] : [markTable(big)]),
    ...(small === undefined || big === undefined ? [] : [growth(small, big)]),
    ...results.sizes.map((size) => sizeText(size, queries)),
    ...results.sizes.filter(({ s3 }) => s3 !== null).map((size) => s3Text(size)),
    ...results.sizes.filter(({ discovery }) => discovery.length > 0).map((size) => discoveryText(size, queries)),
    answersText(results, queries, expected),
    ...(protocols === null ? [] : [protocolsText(protocols)]),
    ...(streams === null ? [] : [streamsText(streams)]),
    queryList(queries),
    checkText(),
  ];
  return `${parts.join('\n\n')}\n`;
}

function head({ date, commit, node, cpus, cpuModel, memoryGiB, versions, fileCachesDropped, sizes }: Results): string {
  const loads = sizes.flatMap(({ loadAverages }) => loadAverages);
  const others = [versions.Loki === undefined ? '' : `Loki: ${versions.Loki}.`, versions.VictoriaLogs === undefined ? '' : `VictoriaLogs: ${versions.VictoriaLogs}.`].filter((text) => text !== '');
  return `# Performance

Written by \`npm run bench -- --write\` (bench/run.ts) on ${date}, commit ${commit}; nothing here was typed in. ${cpus} cores (${cpuModel}), ${memoryGiB} GiB, Node ${node}. ${others.join(' ')}
All systems ran in this one run, one after the other and never two at once, on the same bytes; compare columns, not days. Load average of the machine before each system:
${loads.map((load) => load.toFixed(1)).join(', ')}.${loads.some((load) => load > 2.5) ? ' **Other programs were working on the same cores: times are too long, by how much differs from row to row, and CPU seconds are too many as well; not a basis for verdicts.**' : ''}

The corpus (\`generate.mjs\` of ../shared/bench) is JSON, logfmt, nginx, Java and plain lines, part of them with a trace ID as structured metadata, in six hours. It is pushed over four connections as protobuf
with snappy, flushed, and the server is stopped. **First**: the first run after a restart, ${fileCachesDropped ? 'caches on disk emptied and the files taken out of the page cache' : 'the page cache could not be dropped'}; spoor and VictoriaLogs are started again before
each of these queries, Loki, which starts slowly, once before all, so that its later first runs profit from earlier ones. **Best**: the fastest of the three runs after it (one, where a run takes more than four
seconds). Each run asks for another millisecond and caches of answers are off. CPU is that of the server. VictoriaLogs speaks another language: its twins (bench/queries.json) are written from the meaning.
It has taken JSON lines apart when they came in, does not keep them as they were, and its \`needle\` and \`trace\` are queries for words, which its filters answer; spoor and Loki find any substring and give lines back
byte for byte.`;
}

function markTable(size: SizeResult): string {
  const [spoor, loki, victoria] = [named(size, 'spoor'), named(size, 'Loki'), named(size, 'VictoriaLogs')];
  if (spoor === undefined) return '';
  let reached = 0;
  let goals = 0;
  const marks = readMarks();
  const rows = marks.map((mark) => {
    const own = figure(spoor, mark.id);
    const lokis = loki === undefined ? null : figure(loki, mark.id);
    const verdict = own === null ? 'no' : good(own, mark.goal, mark) ? 'goal' : good(own, mark.must, mark) ? 'yes' : 'no';
    if (verdict !== 'no') reached++;
    if (verdict === 'goal') goals++;
    const ratios = own === null || lokis === null ? none : `${times(mark.more ? own / lokis : lokis / own)} (${times(mark.more ? mark.must / mark.loki : mark.loki / mark.must)})`;
    return `| ${mark.what ?? `${mark.id} (ms)`} | ${shown(lokis)} | ${shown(victoria === undefined ? null : figure(victoria, mark.id))} | ${shown(mark.must)} | ${shown(mark.goal)} | **${shown(own)}** | ${verdict} | ${ratios} |`;
  });
  return `## The mark: ${(size.rawBytes / 1e9).toFixed(2)} GB, ${(size.lines / 1e6).toFixed(2)} million lines, ${size.streams} streams

Query times are best of three. *Must* and *goal* were set from figures of another day; the last column compares with Loki in this run: how many times better spoor is, and in brackets how many times it had to be.
spoor reaches ${reached} of ${marks.length}, of these ${goals} up to the goal.

| | Loki | VictoriaLogs | must reach | and then | spoor | reached | × Loki (wanted) |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}`;
}

function good(own: number, wanted: number, { more }: MarkFigure): boolean {
  return more ? own >= wanted : own <= wanted;
}

function growth(small: SizeResult, big: SizeResult): string {
  const names = big.systems.map(({ name }) => name);
  const ids = [...readMarks().map(({ id, what }) => [id, what ?? `${id} (ms)`] as const), ...(named(big, 'spoor')?.queries ?? []).filter(({ id }) => !readMarks().some((mark) => mark.id === id)).map(({ id }) => [id, `${id} (ms)`] as const)];
  const rows = ids.map(([id, what]) => {
    const cells = names.map((name) => {
      const [a, b] = [named(small, name), named(big, name)].map((figures) => (figures === undefined ? null : figure(figures, id)));
      return a === null || b === null || a === undefined || b === undefined ? none : `${shown(a)} → ${shown(b)} (× ${(b / a).toFixed(1)})`;
    });
    return `| ${what} | ${cells.join(' | ')} |`;
  });
  return `## From ${Math.round(small.rawBytes / 1e6)} MB to ${(big.rawBytes / 1e9).toFixed(2)} GB

Lines grow × ${(big.lines / small.lines).toFixed(1)}, streams × ${(big.streams / small.streams).toFixed(1)}; times are best of three.

| | ${names.join(' | ')} |
|---|${names.map(() => '---').join('|')}|
${rows.join('\n')}`;
}

function sizeText(size: SizeResult, queries: readonly Query[]): string {
  const { systems } = size;
  const row = (what: string, value: (figures: Figures) => string): string => `| ${what} | ${systems.map(value).join(' | ')} |`;
  const line = systems.map(() => '---').join('|');
  const ask = ({ id }: Query): string =>
    row(id, (figures) => {
      const asked = figures.queries.find((query) => query.id === id);
      if (asked === undefined) return none;
      if (asked.digest.startsWith('ERROR')) return 'error';
      return `${shown(asked.firstMs)} / ${shown(asked.bestMs)} / ${asked.bestCpuSeconds.toFixed(asked.bestCpuSeconds < 0.1 ? 3 : 2)}`;
    });
  return `## All figures, ${Math.round(size.rawBytes / 1e6)} MB, ${size.streams} streams (\`--mb ${size.mb} --streams ${size.streams}\`)

| ingest | ${systems.map(({ name }) => name).join(' | ')} |
|---|${line}|
${row('raw MB per CPU second until acknowledged', ({ load }) => String(load.rawMBperCpuSecond))}
${row('raw MB per CPU second until everything is stored', ({ load }) => String(load.allRawMBperCpuSecond))}
${row('CPU seconds until acknowledged / stored', ({ load }) => `${load.serverCpuSeconds} / ${load.allCpuSeconds}`)}
${row('raw MB per second, 4 connections', ({ load }) => String(load.rawMBps))}
${row('push latency p50 / p99 (ms)', ({ load }) => `${load.p50ms} / ${load.p99ms}`)}
${row('pushes refused and repeated', ({ load }) => String(load.retries))}
${row('stored (MB, with index, filters, metadata)', ({ storedMB }) => storedMB.toFixed(1))}
${row('objects or files', ({ files }) => String(files))}
${row('peak memory while loading (MiB)', ({ load }) => String(load.peakMiB))}
${row('memory at rest afterwards (MiB)', ({ restMiB }) => String(restMiB))}
${row('peak memory of all queries (MiB)', ({ peakQueryMiB }) => String(peakQueryMiB))}
${row('event loop delay p99 while loading (ms)', ({ eventLoopP99Ms }) => (eventLoopP99Ms === null ? none : String(eventLoopP99Ms)))}

| query: first / best (ms) / CPU seconds of the best | ${systems.map(({ name }) => name).join(' | ')} |
|---|${line}|
${queries.filter(({ id }) => systems.some((figures) => figures.queries.some((asked) => asked.id === id))).map(ask).join('\n')}`;
}

function s3Text({ s3, rawBytes, systems }: SizeResult): string {
  if (s3 === null) return '';
  const gigabytes = rawBytes / 1e9;
  const requests = s3.requests ?? {};
  const operations = Object.entries(requests).filter(([, count]) => count > 0).map(([operation, count]) => `${operation} ${count} (${(count / gigabytes).toFixed(0)} per GB)`);
  const directory = systems.find(({ name }) => name === 'spoor');
  const rows = s3.queries.map(({ id, firstMs, bestMs, firstRequests, firstReadBytes, bestRequests }) => {
    const local = directory?.queries.find((query) => query.id === id);
    return `| ${id} | ${shown(firstMs)} | ${shown(local?.firstMs ?? null)} | ${shown(bestMs)} | ${shown(local?.bestMs ?? null)} | ${firstRequests ?? none} | ${firstReadBytes === null ? none : (firstReadBytes / 1e6).toFixed(2)} | ${bestRequests ?? none} |`;
  });
  return `## spoor on S3 (MinIO on the same machine), ${Math.round(rawBytes / 1e6)} MB

Ingest: ${s3.load.rawMBperCpuSecond} raw MB per CPU second until acknowledged, ${s3.load.allRawMBperCpuSecond} until everything is in the bucket (without MinIO's own CPU); peak memory ${s3.load.peakMiB} MiB, ${s3.peakQueryMiB} MiB with
queries; ${s3.storedMB.toFixed(1)} MB in ${s3.files} objects. Requests to store ${gigabytes.toFixed(2)} GB of lines: ${total(requests)}, that is ${(total(requests) / gigabytes).toFixed(0)} per GB: ${operations.join(', ')}; ${shown(s3.writtenMB)} MB sent.
Times in milliseconds; requests and megabytes are those of the query alone, after a start, which takes ${s3.startRequests ?? 0} requests.

| query | first | first, directory | best | best, directory | requests, first | MB read, first | requests, best |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}`;
}

function discoveryText({ discovery, rawBytes }: SizeResult, queries: readonly Query[]): string {
  const line = discovery.map(() => '---').join('|');
  const row = (what: string, value: (figures: Figures) => string): string => `| ${what} | ${discovery.map(value).join(' | ')} |`;
  const asked = queries.filter((query) => query.discovery === true).map(({ id }) =>
    row(`${id}, first / best (ms)`, (figures) => {
      const found = figures.queries.find((query) => query.id === id);
      return found === undefined ? none : `${shown(found.firstMs)} / ${shown(found.bestMs)}`;
    }),
  );
  return `## With discovery of levels and service names on, ${Math.round(rawBytes / 1e6)} MB

As both systems are unless one switches it off; the figures above are without it, like those that the marks were set from.

| | ${discovery.map(({ name }) => name).join(' | ')} |
|---|${line}|
${row('raw MB per CPU second until acknowledged', ({ load }) => String(load.rawMBperCpuSecond))}
${row('raw MB per CPU second until everything is stored', ({ load }) => String(load.allRawMBperCpuSecond))}
${row('stored (MB)', ({ storedMB }) => storedMB.toFixed(1))}
${row('peak memory while loading (MiB)', ({ load }) => String(load.peakMiB))}
${asked.join('\n')}`;
}

function answersText({ sizes }: Results, queries: readonly Query[], expected: (size: SizeResult) => ReadonlyMap<string, string>): string {
  const texts = sizes.map((size) => {
    const wanted = expected(size);
    const [spoor, loki, victoria] = [named(size, 'spoor'), named(size, 'Loki'), named(size, 'VictoriaLogs')];
    const digest = (figures: Figures | null | undefined, id: string): string | undefined => figures?.queries.find((query) => query.id === id)?.digest;
    const ids = queries.map(({ id }) => id);
    const recorded = ids.filter((id) => wanted.has(id));
    const differs = (figures: Figures | null | undefined): string => {
      const found = recorded.filter((id) => digest(figures, id) !== undefined && digest(figures, id) !== wanted.get(id));
      return found.length === 0 ? 'all equal' : found.map((id) => `\`${id}\` differs (${digest(figures, id) ?? ''}; recorded ${wanted.get(id) ?? ''})`).join('; ');
    };
    const both = ids.filter((id) => digest(spoor, id) !== undefined && digest(loki, id) !== undefined);
    const unlike = both.filter((id) => digest(spoor, id) !== digest(loki, id)).map((id) => `\`${id}\` (spoor ${digest(spoor, id) ?? ''}, Loki ${digest(loki, id) ?? ''})`);
    const amounts = (victoria?.queries ?? []).flatMap(({ id, amount, digest: text }) => {
      const own = spoor?.queries.find((query) => query.id === id)?.amount ?? Number.NaN;
      return Math.abs(amount - own) <= Math.abs(own) * 0.02 ? [] : [`\`${id}\` (${text}; spoor ${digest(spoor, id) ?? ''})`];
    });
    return [
      `- **${Math.round(size.rawBytes / 1e6)} MB.**`,
      ...(recorded.length === 0 ? [] : [`Against the ${recorded.length} recorded digests of real Loki: spoor ${differs(spoor)}${size.s3 === null ? '' : `; spoor on S3 ${differs(size.s3)}`}${loki === undefined ? '' : `; Loki in this run ${differs(loki)}`}.`]),
      ...(loki === undefined ? [] : [unlike.length === 0 ? `spoor and Loki gave the same answers to all ${both.length} queries.` : `spoor and Loki gave the same answers to ${both.length - unlike.length} of ${both.length} queries; others: ${unlike.join('; ')}.`]),
      ...(victoria === undefined ? [] : [`VictoriaLogs found the same amount (entries or sum of samples, within 2 %) for ${victoria.queries.length - amounts.length} of its ${victoria.queries.length} queries${amounts.length === 0 ? '' : `; others: ${amounts.join('; ')}`}.`]),
      ...(size.discovery.length < 2 ? [] : [`With discovery on, spoor and Loki ${queries.filter((query) => query.discovery === true).every(({ id }) => digest(size.discovery[0], id) === digest(size.discovery[1], id)) ? 'gave the same answers' : 'differ'}.`]),
    ].join(' ');
  });
  return `## Answers

A digest is a hash over the sorted rows of an answer, the same as in ../shared/bench. LogsQL counts in buckets that begin at a step, LogQL in windows that end at it, so that sums of the two differ a little.

${texts.join('\n')}`;
}

function queryList(queries: readonly Query[]): string {
  const rows = queries.map(({ id, about, query, limit, step, direction }) => `| ${id} | \`${query.replaceAll('|', '\\|').replaceAll('`', "'")}\` | ${[about, step === undefined ? '' : `step ${step} s`, limit === undefined ? '' : `limit ${limit}`, direction ?? ''].filter((text) => text !== undefined && text !== '').join(', ')} |`);
  return `## The queries

The first fourteen are those of ../shared/bench; needles of the others are cut at other offsets in each run.

| | LogQL | |
|---|---|---|
${rows.join('\n')}`;
}

function checkText(): string {
  return `## The regression check

\`npm run bench -- --check\` loads and asks once more what bench/last.json has, the 250 MB corpus unless --mb says otherwise, and compares: times and rates relative to Loki's in the same run where LOKI_BIN is given, else relative
to a fixed piece of work on the same machine. It fails where a query takes more than × ${tolerances.query} (times under ${noiseMs} ms count as ${noiseMs}), ingest × ${tolerances.ingest} of the CPU, memory × ${tolerances.memory}, bytes × ${tolerances.stored},
or where an answer is another one.`;
}

function named(size: SizeResult, name: string): Figures | undefined {
  return size.systems.find((figures) => figures.name === name);
}

function shown(value: number | null): string {
  if (value === null || Number.isNaN(value)) return none;
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toFixed(1)));
}

function times(ratio: number): string {
  return `× ${ratio >= 20 ? Math.round(ratio) : ratio.toFixed(1)}`;
}
