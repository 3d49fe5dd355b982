/** What bench/protocols.ts measures, as a section of docs/performance.md. */

export interface ProtocolsResult {
  readonly date: string;
  readonly commit: string;
  /** Lines of the corpus. */
  readonly rawMB: number;
  readonly protocols: readonly ProtocolResult[];
}

export interface ProtocolResult {
  readonly name: string;
  /** Megabytes of lines per second of CPU time, from the body of a request to its journal records. */
  readonly mbPerCpuSecond: number;
  /** The same for decoding alone. */
  readonly decodingMBPerCpuSecond: number;
  /** What was sent. */
  readonly bodyMB: number;
  /** What was written to the journal. */
  readonly recordMB: number;
}

export function protocolsText({ date, commit, rawMB, protocols }: ProtocolsResult): string {
  const rows = protocols.map(
    ({ name, mbPerCpuSecond, decodingMBPerCpuSecond, bodyMB, recordMB }) => `| ${name} | ${mbPerCpuSecond.toFixed(0)} | ${decodingMBPerCpuSecond.toFixed(0)} | ${bodyMB.toFixed(1)} | ${recordMB.toFixed(1)} |`,
  );
  return `## Ways in

Written by bench/protocols.ts (${date}, commit ${commit}): ${rawMB.toFixed(0)} MB of lines as each protocol sends them, from the body of a request to the journal record, without network and disk; best of the rounds. Exports of OpenTelemetry bring four pairs of metadata a line (observed time, trace, node, stream), Loki pushes one.

| protocol | raw MB per CPU second | decoding alone | MB sent | MB in the journal |
|---|---|---|---|---|
${rows.join('\n')}`;
}

/** The page with this section in place of the one that it has, or before those on many streams and on the queries, or at the end. */
export function withProtocols(page: string, result: ProtocolsResult): string {
  const text = protocolsText(result);
  const old = /^## Ways in\n[\s\S]*?(?=\n\n## |\s*$(?![\s\S]))/mv;
  if (old.test(page)) return page.replace(old, () => text);
  const next = page.search(/^## (?:Many streams|The queries)$/mv);
  return next < 0 ? `${page.trimEnd()}\n\n${text}\n` : `${page.slice(0, next)}${text}\n\n${page.slice(next)}`;
}
