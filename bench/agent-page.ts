/** What bench/agent.ts measures, as docs/performance-agent.md. */
import type { ReaderFigures } from './agent-measure.ts';

export interface AgentResults {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly node: string;
  readonly collector: string | null;
  readonly figures: readonly ReaderFigures[];
}

export function agentPage({ date, commit, cpu, node, collector, figures }: AgentResults): string {
  const number = (value: number, digits = 0): string => value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const rows = figures.map((f) => {
    const missing = f.delivered === null ? '–' : f.delivered === f.lines ? 'all' : number(f.delivered);
    return `| ${f.name} | ${f.pods} | **${number(f.bytes / 1e6 / f.cpuSeconds, 1)}** | ${number(f.cpuSeconds, 2)} | ${number(f.bytes / 1e6 / f.seconds, 1)} | ${f.peakMiB} | ${f.restMiB} | ${number(f.sentBytes / 1e6, 1)} | ${missing} | ${f.loadAverage.toFixed(1)} |`;
  });
  const whats = new Map(figures.map(({ name, what }) => [name, what]));
  const busy = Math.max(...figures.map(({ loadAverage }) => loadAverage)) > 1.5;
  return `# Performance of the agent

Written by \`node bench/agent.ts --write\` on ${date}, commit ${commit}; nothing here was typed in. 2 cores (${cpu}), Node ${node}.${collector === null ? '' : ` OpenTelemetry Collector ${collector}.`}
All ran in this one run, one after the other, over the same container log files in CRI format (\`cri-corpus.mjs\` of ../shared/bench: two thirds JSON, one third logfmt, one line in ten on stderr), from an
empty state, into the same receiver on loopback that answers at once and only counts. CPU is that of the whole process, its start included; MB are of log files, 10^6 bytes; memory is resident.
${busy ? '**Other programs were working on the same cores** (the load average of the minute before stands beside each row): CPU seconds are too many, by how much differs from row to row.\n' : ''}
| | pods | MB per CPU second | CPU seconds | MB per second | peak (MiB) | afterwards (MiB) | sent (MB) | lines delivered | load before |
|---|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}

${Array.from(whats, ([name, what]) => `- **${name}**: ${what}`).join('\n')}

The agent is one thread and sends with snappy (its compression is in the CPU seconds); the Collector uses all cores, plain without compression. Sampling sends less, so its rows are not to be held against the others'.
`;
}
