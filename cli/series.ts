import { readSeries, readStrings } from './answers.ts';
import type { Client } from './client.ts';
import { formatLabels, type Labels } from './labels.ts';
import type { Terminal } from './terminal.ts';

/** A span of time; the end is exclusive. */
export interface TimeRange {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** Prints the names of labels, or the values of one, a line each. */
export async function runLabels(client: Client, terminal: Terminal, name: string | undefined, range: TimeRange): Promise<void> {
  const path = name === undefined ? '/loki/api/v1/labels' : `/loki/api/v1/label/${encodeURIComponent(name)}/values`;
  const values = readStrings(await client.get(path, { start: range.startNs, end: range.endNs }));
  await terminal.out(values.map((value) => `${value}\n`).join(''));
}

/** Prints the label sets that match, a line each, or a table of their labels. */
export async function runSeries(client: Client, terminal: Terminal, selector: string, range: TimeRange, analyzeLabels: boolean): Promise<void> {
  const series = readSeries(await client.get('/loki/api/v1/series', { start: range.startNs, end: range.endNs, 'match[]': [selector] }));
  if (analyzeLabels) await terminal.out(labelTable(series));
  else await terminal.out(series.map((labels) => `${formatLabels(labels)}\n`).join(''));
}

/** How many values each label has, the one with the most first. */
function labelTable(series: readonly Labels[]): string {
  const found = new Map<string, { readonly values: Set<string>; streams: number }>();
  for (const labels of series) {
    for (const [name, value] of labels) {
      const details = found.get(name) ?? { values: new Set<string>(), streams: 0 };
      details.values.add(value);
      details.streams++;
      found.set(name, details);
    }
  }
  const sorted = Array.from(found).sort(([nameA, a], [nameB, b]) => b.values.size - a.values.size || (nameA < nameB ? -1 : 1));
  const rows = [['Label Name', 'Unique Values', 'Found In Streams'], ...sorted.map(([name, { values, streams }]) => [name, String(values.size), String(streams)])];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) => row.map((cell, column) => cell.padEnd((widths[column] ?? -2) + 2)).join('').trimEnd());
  return `Total Streams:  ${series.length}\nUnique Labels:  ${found.size}\n\n${table.join('\n')}\n`;
}
