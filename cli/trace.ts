import { arrayOf, objectOf } from './answers.ts';
import type { Client, Parameters } from './client.ts';
import { Failure } from './failure.ts';
import { labelsFrom, type Labels } from './labels.ts';
import { withoutControls, type OutputMode, type PrintOptions } from './printer.ts';
import type { Terminal } from './terminal.ts';
import { formatGap, formatTime } from './times.ts';

/** One entry of a trace. */
export interface TraceEntry {
  readonly timeNs: bigint;
  /** Time since the entry before. */
  readonly gapNs: bigint;
  readonly line: string;
  readonly labels: Labels;
  readonly structuredMetadata: Labels;
  readonly service: string;
}

/** What `/spoor/api/v1/traces/{id}` answers. */
export interface Trace {
  readonly traceId: string;
  readonly entries: readonly TraceEntry[];
  readonly services: readonly string[];
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly truncated: boolean;
}

/** Prints what happened under one trace or request ID, across all services, in the order of time. */
export async function runTrace(client: Client, terminal: Terminal, id: string, parameters: Parameters, options: PrintOptions): Promise<void> {
  const trace = readTrace(await client.get(`/spoor/api/v1/traces/${encodeURIComponent(id)}`, parameters));
  if (trace.entries.length === 0) throw new Failure(`no entry carries ${id} in this time range (--since, --from and --to widen it)`);
  const forms: { readonly [mode in OutputMode]: () => string } = {
    raw: () => trace.entries.map(({ line }) => `${line}\n`).join(''),
    jsonl: () => trace.entries.map((entry) => `${JSON.stringify(jsonOf(entry, options))}\n`).join(''),
    default: () => timeline(trace, terminal, options),
  };
  await terminal.out(forms[options.mode]());
}

/** Reads the answer. */
export function readTrace(body: unknown): Trace {
  const data = objectOf(objectOf(body, 'the answer')['data'], 'data');
  const entries = arrayOf(data['entries'], 'data.entries').map((item): TraceEntry => {
    const entry = objectOf(item, 'an entry');
    return {
      timeNs: nanoseconds(entry['timestamp'], 'timestamp'),
      gapNs: nanoseconds(entry['gapNs'], 'gapNs'),
      line: String(entry['line']),
      labels: labelsFrom(entry['labels']),
      structuredMetadata: labelsFrom(entry['structuredMetadata']),
      service: typeof entry['service'] === 'string' ? entry['service'] : '',
    };
  });
  return {
    traceId: String(data['traceId']),
    entries,
    services: arrayOf(data['services'] ?? [], 'data.services').map(String),
    startNs: nanoseconds(data['startNs'] ?? '0', 'startNs'),
    endNs: nanoseconds(data['endNs'] ?? '0', 'endNs'),
    truncated: data['truncated'] === true,
  };
}

function nanoseconds(value: unknown, what: string): bigint {
  const text = String(value);
  if (!/^-?\d{1,19}$/.test(text)) throw new Failure(`the server's answer is no trace: ${what} is "${text}"`);
  return BigInt(text);
}

function jsonOf(entry: TraceEntry, { zone, noLabels }: PrintOptions): Readonly<Record<string, unknown>> {
  return {
    ...(noLabels ? {} : { labels: Object.fromEntries(entry.labels), structuredMetadata: Object.fromEntries(entry.structuredMetadata) }),
    gapNs: String(entry.gapNs),
    line: entry.line,
    service: entry.service,
    timestamp: formatTime(entry.timeNs, 'rfc3339nano', zone),
  };
}

function timeline(trace: Trace, terminal: Terminal, { zone }: PrintOptions): string {
  const c = terminal.colors;
  const palette = [c.cyan, c.green, c.magenta, c.yellow, c.blueBright, c.greenBright, c.magentaBright, c.cyanBright];
  const colorOf = new Map(trace.services.map((service, i) => [service, palette[i % palette.length] ?? c.cyan]));
  const width = Math.max(...trace.entries.map(({ service }) => service.length));
  const errors = trace.entries.filter(isError).length;
  const length = formatGap(trace.endNs - trace.startNs);
  let text = `${c.bold(`trace ${trace.traceId}`)}\n`;
  text += `${trace.entries.length} ${trace.entries.length === 1 ? 'entry' : 'entries'} in ${length}`;
  text += ` from ${formatTime(trace.startNs, 'rfc3339nano', zone)}${errors > 0 ? `, ${c.red(`${errors} with errors`)}` : ''}\n`;
  text += `${trace.services.map((service) => (colorOf.get(service) ?? c.cyan)(service)).join(' → ')}\n\n`;
  for (const [i, entry] of trace.entries.entries()) {
    const clock = c.dim(formatTime(entry.timeNs, 'stampmicro', zone).slice(-15));
    const gap = i === 0 ? '' : `+${formatGap(entry.gapNs)}`;
    const shownGap = (entry.gapNs >= 100_000_000n && i > 0 ? c.yellow : c.dim)(gap.padStart(8));
    const service = (colorOf.get(entry.service) ?? c.cyan)(entry.service.padEnd(width));
    const line = terminal.interactive ? withoutControls(entry.line) : entry.line;
    text += `${clock} ${shownGap}  ${service}  ${isError(entry) ? c.red(line) : line}\n`;
  }
  if (trace.truncated) text += `\n${c.yellow('There are more entries than the server shows of one trace.')}\n`;
  return text;
}

const errorWords = /\b(?:error|fatal|panic|critical|traceback)\b|exception\b/i;
const errorLevels: ReadonlySet<string> = new Set(['error', 'err', 'fatal', 'critical', 'panic', 'alert', 'emergency']);

/** Whether an entry tells of a failure: by its level where it has one, else by its words. */
export function isError({ line, labels, structuredMetadata }: TraceEntry): boolean {
  for (const name of ['detected_level', 'level', 'severity']) {
    const level = structuredMetadata.get(name) ?? labels.get(name);
    if (level !== undefined && level !== 'unknown') return errorLevels.has(level.toLowerCase());
  }
  const named = /\b(?:level|severity)"?\s*[=:]\s*"?([a-z]+)/i.exec(line)?.[1];
  return named === undefined ? errorWords.test(line) : errorLevels.has(named.toLowerCase());
}
