import { finishRange } from '../../../../src/logql/functions/finish.ts';
import { planQuery } from '../../../../src/logql/plan/planner.ts';
import { createScanner, parseQuery, type Batch, type Partial, type ScanTask } from '../../../../src/logql/mod.ts';
import { dayStartNs, defaultLimits, shreddedBlock, type ShreddedRun } from '../../../../src/model/mod.ts';
import { shreddedOf, testDay, type PlainRow } from './rows.ts';

const second = 1_000_000_000n;

export interface CompareOptions {
  readonly direction?: 'forward' | 'backward';
  readonly limit?: number;
  /** Seconds in the day; 0 … 600 by 60 where nothing is said. */
  readonly time?: { readonly start: number; readonly end: number; readonly step: number };
  /** Which part of a run is wanted. */
  readonly wanted?: (run: ShreddedRun) => readonly ShreddedRun[];
  /** Takes a task another way, as pages of exports do. */
  readonly change?: (task: ScanTask) => ScanTask;
}

/** The scan tasks of a query over the test day. Throws what the planner throws. */
export function tasksOf(text: string, { direction = 'backward', limit = 0, time = { start: 0, end: 600, step: 60 } }: CompareOptions = {}): ScanTask[] {
  const dayStart = dayStartNs(testDay);
  const range = { kind: 'range' as const, startNs: dayStart + BigInt(time.start) * second, endNs: dayStart + BigInt(time.end) * second, stepNs: BigInt(time.step) * second, intervalNs: 0n };
  const plan = planQuery(parseQuery(text), { tenant: 't', limits: { ...defaultLimits, max_query_series: 0 }, direction, limit, partialSeries: false, time: range });
  const tasks: ScanTask[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('task' in node) tasks.push(node.task as ScanTask);
    for (const value of Object.values(node)) walk(value);
  };
  walk(plan.kind === 'log' ? plan : plan.root);
  return tasks;
}

/** What a scan found, without the order in which series were met, and without what it cost: values of series as they are answered, a variance to 12 digits. */
export function found(task: ScanTask, result: Batch | Partial): unknown {
  if (result.kind === 'batch') return { full: result.full, rows: result.rows.map(({ labels, line, ...row }) => ({ ...row, line: Buffer.from(line).toString('latin1'), labels: result.labels[labels] })) };
  if (task.output.kind !== 'aggregate') throw new TypeError('a partial of a log task');
  const { op } = task.output.aggregation;
  const isRounded = op === 'stddev_over_time' || op === 'stdvar_over_time';
  const { series } = finishRange(task.output.aggregation, result);
  return series.map(({ labels, values, present }) => JSON.stringify([labels, Array.from(values, (value, i) => (present[i] === 0 ? null : isRounded ? value.toPrecision(12) : String(value)))])).sort();
}

/** Rows of which none repeats another. */
export function distinct(plain: readonly PlainRow[]): readonly PlainRow[] {
  const seen = new Set<string>();
  return plain.filter((row) => {
    const key = JSON.stringify([row.stream, row.time, row.line.toString('latin1'), row.metadata]);
    return !seen.has(key) && seen.add(key);
  });
}

const all = { order: true, lineLength: true, lines: true, metadata: true };

/** What the scans of a query find in `groups` (row groups of distinct rows), by columns and by lines, each as it is or as the error that it throws. */
export function bothWays(groups: readonly (readonly PlainRow[])[], text: string, options: CompareOptions = {}): { readonly columns: unknown; readonly lines: unknown }[] {
  const { change = (task: ScanTask): ScanTask => task } = options;
  return tasksOf(text, options).map((planned) => {
    const task = change(planned);
    const outcome = (scan: (scanner: ReturnType<typeof createScanner>, rows: readonly PlainRow[]) => void): unknown => {
      try {
        const scanner = createScanner(task);
        for (const rows of groups) scan(scanner, rows);
        return found(task, scanner.finish());
      } catch (error) {
        return String(error);
      }
    };
    return {
      columns: outcome((scanner, rows) => scanner.addShredded(shreddedOf(rows, options.wanted))),
      lines: outcome((scanner, rows) => scanner.add(shreddedBlock(shreddedOf(rows, options.wanted), all))),
    };
  });
}

/** Rows a second apart, of one stream where nothing else is said. */
export function rowsOf(lines: readonly (string | Buffer)[], { streams = [{ app: 'a' }], metadata = [{}] }: { readonly streams?: readonly PlainRow['stream'][]; readonly metadata?: readonly PlainRow['metadata'][] } = {}): PlainRow[] {
  return lines.map((line, i) => ({ stream: streams[i % streams.length]!, time: (i + 1) * 1e9, line: Buffer.from(line as string), metadata: metadata[i % metadata.length]! }));
}
