import type { Entry } from './answers.ts';

/** A line of an agent's canary (docs/formats/canary.md). */
interface CanaryLine {
  readonly run: string;
  readonly sequence: number;
  readonly start: number;
  readonly intervalMs: number;
}

/** Numbers from … to, both of them; `firstNs` is the time of the first one. */
interface Range {
  from: number;
  to: number;
  firstNs: bigint;
}

/** What is known of one run: one state directory of one node. */
export interface RunReport {
  readonly run: string;
  readonly first: number;
  readonly last: number;
  /** Different lines. */
  readonly lines: number;
  /** Numbers between the first and the last that are not there. */
  readonly missing: number;
  /** The first of them, as `[from, to]`. */
  readonly missingRanges: readonly (readonly [number, number])[];
  /** Lines whose number was there already. */
  readonly doubles: number;
  /** Starts of the agent within the lines that were found. */
  readonly restarts: number;
}

/** Milliseconds from the making of a line to the first answer that had it. */
export interface DelayReport {
  readonly samples: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface NodeReport {
  readonly node: string;
  /** Where agents of several clusters send to one server. */
  readonly cluster: string | null;
  readonly lines: number;
  readonly missing: number;
  readonly doubles: number;
  readonly restarts: number;
  /** Age of the newest line in seconds. */
  readonly newestAgeSeconds: number;
  /** No line for longer than three intervals and the grace. */
  readonly silent: boolean;
  /** Null where no line came while it was looked. */
  readonly delayMs: DelayReport | null;
  readonly runs: readonly RunReport[];
}

export interface CanaryReport {
  /** No line is missing or double, no node is silent, and there are as many nodes as there should be. */
  readonly complete: boolean;
  readonly nodes: readonly NodeReport[];
  readonly lines: number;
  readonly missing: number;
  readonly doubles: number;
  readonly silent: number;
  readonly nodesExpected: number;
}

/** Ranges of missing numbers that a report names per run. */
const missingRangesMax = 20;

class Run {
  readonly ranges: Range[] = [];
  doubles = 0;
  startMin = Infinity;
  startMax = 0;

  add(sequence: number, timeNs: bigint): void {
    const { ranges } = this;
    const last = ranges.at(-1);
    if (last !== undefined && sequence === last.to + 1) {
      last.to = sequence;
      return;
    }
    // Nearly always it belongs at the end, or close to it.
    let at = ranges.length;
    while (at > 0 && (ranges[at - 1] as Range).from > sequence) at--;
    const before = ranges[at - 1];
    const after = ranges[at];
    if (before !== undefined && sequence <= before.to) {
      this.doubles++;
    } else if (before !== undefined && sequence === before.to + 1) {
      before.to = sequence;
      if (after !== undefined && after.from === sequence + 1) {
        before.to = after.to;
        ranges.splice(at, 1);
      }
    } else if (after !== undefined && after.from === sequence + 1) {
      after.from = sequence;
      after.firstNs = timeNs;
    } else {
      ranges.splice(at, 0, { from: sequence, to: sequence, firstNs: timeNs });
    }
  }

  /** @param settledNs what began after this may be incomplete still */
  report(name: string, settledNs: bigint): RunReport {
    const missing: [number, number][] = [];
    let missingCount = 0;
    let lines = 0;
    for (const [i, range] of this.ranges.entries()) {
      lines += range.to - range.from + 1;
      const before = this.ranges[i - 1];
      if (before === undefined || range.firstNs > settledNs) continue;
      missingCount += range.from - before.to - 1;
      if (missing.length < missingRangesMax) missing.push([before.to + 1, range.from - 1]);
    }
    return {
      run: name, first: this.ranges[0]?.from ?? 0, last: this.ranges.at(-1)?.to ?? 0, lines, missing: missingCount, missingRanges: missing,
      doubles: this.doubles, restarts: Math.max(0, this.startMax - this.startMin),
    };
  }
}

interface Node {
  readonly node: string;
  readonly cluster: string | null;
  readonly runs: Map<string, Run>;
  newestNs: bigint;
  intervalMs: number;
  readonly delaysMs: number[];
}

/** Puts the lines of all canaries together. Memory goes with the number of nodes and of holes, not with that of lines. */
export class CanaryLedger {
  readonly #nodes = new Map<string, Node>();

  /** Adds a line that was found; each line once. False where it is none of a canary. */
  add(entry: Entry): boolean {
    const line = parseLine(entry.line);
    if (line === undefined) return false;
    const node = this.#nodeOf(entry);
    let run = node.runs.get(line.run);
    if (run === undefined) node.runs.set(line.run, (run = new Run()));
    run.add(line.sequence, entry.timeNs);
    run.startMin = Math.min(run.startMin, line.start);
    run.startMax = Math.max(run.startMax, line.start);
    if (entry.timeNs > node.newestNs) {
      node.newestNs = entry.timeNs;
      node.intervalMs = line.intervalMs;
    }
    return true;
  }

  /** Adds how long a line took. */
  addDelay(entry: Entry, delayMs: number): void {
    if (parseLine(entry.line) !== undefined) this.#nodeOf(entry).delaysMs.push(Math.max(0, delayMs));
  }

  /**
   * @param nowNs the time of the last look
   * @param graceMs lines of a node arrive within this; what is younger is not yet missing
   * @param nodesExpected nodes that have to be there
   */
  report(nowNs: bigint, graceMs: number, nodesExpected: number): CanaryReport {
    const settledNs = nowNs - BigInt(graceMs) * 1_000_000n;
    const nodes = Array.from(this.#nodes.values(), (node): NodeReport => {
      const runs = Array.from(node.runs, ([name, run]) => run.report(name, settledNs));
      const ageMs = Number(nowNs - node.newestNs) / 1e6;
      return {
        node: node.node, cluster: node.cluster, lines: sum(runs, 'lines'), missing: sum(runs, 'missing'), doubles: sum(runs, 'doubles'), restarts: sum(runs, 'restarts'),
        newestAgeSeconds: Math.max(0, Math.round(ageMs) / 1000), silent: ageMs > node.intervalMs * 3 + graceMs, delayMs: delayOf(node.delaysMs), runs,
      };
    }).toSorted((a, b) => (`${a.cluster ?? ''} ${a.node}` < `${b.cluster ?? ''} ${b.node}` ? -1 : 1));
    const silent = nodes.filter((node) => node.silent).length;
    const [lines, missing, doubles] = [sum(nodes, 'lines'), sum(nodes, 'missing'), sum(nodes, 'doubles')];
    return { complete: missing === 0 && doubles === 0 && silent === 0 && nodes.length >= nodesExpected, nodes, lines, missing, doubles, silent, nodesExpected };
  }

  #nodeOf(entry: Entry): Node {
    const name = entry.labels.get('node') ?? '';
    const cluster = entry.labels.get('cluster') ?? null;
    const key = JSON.stringify([cluster, name]);
    let node = this.#nodes.get(key);
    if (node === undefined) this.#nodes.set(key, (node = { node: name, cluster, runs: new Map(), newestNs: 0n, intervalMs: 0, delaysMs: [] }));
    return node;
  }
}

function parseLine(text: string): CanaryLine | undefined {
  const match = /^canary run=([0-9a-f]{8,32}) seq=(\d{1,15}) start=(\d{1,15}) interval_ms=(\d{1,9})$/.exec(text);
  return match === null ? undefined : { run: match[1] ?? '', sequence: Number(match[2]), start: Number(match[3]), intervalMs: Number(match[4]) };
}

function delayOf(delaysMs: readonly number[]): DelayReport | null {
  if (delaysMs.length === 0) return null;
  const sorted = delaysMs.toSorted((a, b) => a - b);
  const at = (quantile: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(quantile * sorted.length) - 1)] ?? 0);
  return { samples: sorted.length, p50: at(0.5), p99: at(0.99), max: Math.round(sorted.at(-1) ?? 0) };
}

function sum<Name extends string>(rows: readonly { readonly [name in Name]: number }[], name: Name): number {
  return rows.reduce((total, row) => total + row[name], 0);
}
