import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { decodeMetadata } from '../../src/bytes/mod.ts';
import { systemClock, type Clock } from '../../src/model/mod.ts';
import type { StreamLabels } from '../buffer/batch.ts';
import { destinationsOf } from '../config/destinations.ts';
import type { AgentOptions } from '../config/schema.ts';
import { listMembers } from '../discover/members.ts';
import { podLabelsOptionsOf } from '../enrich/options.ts';
import { PodLabels } from '../enrich/pod-labels.ts';
import type { LineView } from '../join/line.ts';
import { detectFormat } from '../parse/detect.ts';
import { newRecord } from '../parse/record.ts';
import { pipelinesOptionsOf } from '../pipeline/options.ts';
import { Pipelines } from '../pipeline/pipelines.ts';
import { routeOf } from '../route/router.ts';
import { compileMatchers } from '../route/selector.ts';
import { LogChain } from '../tail/chain.ts';
import { BlockReader } from '../tail/read.ts';

/** The container that lines are tried as. */
export interface TrialContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly stream: 'stdout' | 'stderr';
  /** The pod's own labels and annotations, as the API would say them. */
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
}

/** What became of a line. */
export type TrialResult =
  | {
      readonly kind: 'sent';
      readonly labels: Readonly<Record<string, string>>;
      readonly tenant: string | null;
      /** Nanoseconds since the epoch. */
      readonly time: string;
      readonly metadata: Readonly<Record<string, string>>;
      readonly line: string;
      readonly destinations: readonly string[];
    }
  | { readonly kind: 'dropped'; readonly reason: string; readonly line: string };

/** Longest input. */
export const trialBytesMax = 64 * 2 ** 20;

interface Input {
  readonly offset: number;
  readonly text: string;
}

/**
 * Sends lines through what an agent with these settings has between a container's log file and the destinations: the same reader, joiner and stages. Lines that are records of a container
 * runtime (CRI or Docker, by the first of them) are taken as such; others as what the container wrote, now.
 * @param show told what becomes of each line, in the order in which it is decided
 * @returns how many lines came in
 */
export function runTrial(options: AgentOptions, container: TrialContainer, input: Buffer, show: (result: TrialResult) => void, clock: Clock = systemClock): { readonly lines: number; readonly warnings: readonly string[] } {
  const log = pino({ level: 'silent' });
  const pod = { namespace: container.namespace, pod: container.pod, uid: 'trial' };
  const info = { labels: container.labels, annotations: container.annotations, owner: null, images: new Map<string, string>() };
  const labels = new PodLabels(podLabelsOptionsOf(options), { infoOf: () => info }, clock, new Map());
  const destinations = destinationsOf(options);
  const rules = destinations.map(({ settings }) => ({ match: settings.match?.map(compileMatchers) ?? [] }));
  const sentOffsets = new Set<number>();
  // What is decided by one line is shown in the order of the lines.
  let decided: { readonly offset: number; readonly result: TrialResult }[] = [];
  const later = (offset: number, result: TrialResult): void => {
    decided.push({ offset, result });
  };
  const flush = (): void => {
    for (const { result } of decided.toSorted((a, b) => a.offset - b.offset)) show(result);
    decided = [];
  };
  const sink = (streams: StreamLabels, line: LineView): void => {
    sentOffsets.add(line.offset);
    later(line.offset, {
      kind: 'sent', labels: Object.fromEntries(streams.labels.map(({ name, value }) => [name, value])), tenant: streams.tenant ?? null,
      time: String(BigInt(line.seconds) * 1_000_000_000n + BigInt(line.nanos)),
      metadata: line.metadata === null ? {} : Object.fromEntries(decodeMetadata(line.metadata, 0, line.metadata.length).map(({ name, value }) => [name, value])),
      line: line.bytes.toString('utf8', line.start, line.end),
      destinations: routeOf(rules, options.routing, streams.labels).map((place) => destinations[place]?.settings.name ?? ''),
    });
  };
  const pipelines = new Pipelines(pipelinesOptionsOf(options), { labels, sink, log, clock, stateDir: null, failed: () => undefined });
  const dir = mkdtempSync(join(tmpdir(), 'spoor-trial-'));
  try {
    writeFileSync(join(dir, '0.log'), isRecords(input) ? input : asRecords(input, container.stream, clock.nowNs()));
    const failures: string[] = [];
    const chain = new LogChain(pod, container.container, 'trial', options.read.line_size_max, [], {
      opened: () => undefined, gone: () => undefined, truncated: () => undefined, failed: (path, error) => failures.push(`${path}: ${String(error)}`),
    });
    chain.reconcile(listMembers(dir, []).get(0) ?? [], false);
    const file = chain.current();
    const pipeline = pipelines.forContainer(pod, container.container, 'trial');
    const excluded = (): number => pipelines.counts.excludedLines;
    if (file === undefined || pipeline === undefined) throw new Error(failures[0] ?? 'nothing to read');
    const tally = new DropTally(() => new Map([...pipelines.shaping.counts.dropped, ['excluded', excluded()]]), sentOffsets, later);
    let lines = 0;
    const take = (line: LineView): void => {
      lines++;
      const { stream, offset } = line;
      tally.add({ offset, text: line.bytes.toString('utf8', line.start, line.end) });
      pipeline.take(line);
      tally.settle(held(stream));
      flush();
    };
    const held = (stream: LineView['stream']): number | null => pipeline.heldFrom(file.id, stream);
    const reader = new BlockReader(Math.max(256 * 1024, options.read.line_size_max + 4096));
    while (reader.read(chain, file, take) === 'more');
    reader.finish(chain, file, take);
    chain.joiner.flush(take);
    pipeline.flush();
    tally.settle(null);
    flush();
    chain.close();
    return { lines, warnings: pipelines.warnings };
  } finally {
    pipelines.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Tells which lines were dropped, and why: stages count drops by reason, and hold lines back until they are decided. */
class DropTally {
  readonly #counts: () => ReadonlyMap<string, number>;
  readonly #sent: ReadonlySet<number>;
  readonly #show: (offset: number, result: TrialResult) => void;
  readonly #seen = new Map<string, number>();
  #pending: Input[] = [];

  constructor(counts: () => ReadonlyMap<string, number>, sent: ReadonlySet<number>, show: (offset: number, result: TrialResult) => void) {
    this.#counts = counts;
    this.#sent = sent;
    this.#show = show;
  }

  add(input: Input): void {
    this.#pending.push(input);
  }

  /** Everything before `heldFrom` (null: everything) is decided. */
  settle(heldFrom: number | null): void {
    const reasons: string[] = [];
    const counts = this.#counts();
    for (const [reason, count] of counts) for (let i = this.#seen.get(reason) ?? 0; i < count; i++) reasons.push(reason);
    const settled = this.#pending.filter(({ offset }) => heldFrom === null || offset < heldFrom);
    if (settled.length === 0) return;
    for (const [reason, count] of counts) this.#seen.set(reason, count);
    this.#pending = this.#pending.slice(settled.length);
    const gone = settled.filter(({ offset }) => !this.#sent.has(offset));
    if (reasons.length === 0) return;
    // As many drops as lines: each by itself. Fewer: lines that were joined to one; the last line, which ended the group, stands by itself where it is one of two.
    const groups = reasons.length >= gone.length ? gone.map((input) => [input]) : reasons.length === 1 ? [gone] : [gone.slice(0, -1), gone.slice(-1)];
    for (const [i, group] of groups.entries()) this.#show(group[0]?.offset ?? 0, { kind: 'dropped', reason: reasons[Math.min(i, reasons.length - 1)] ?? '', line: group.map(({ text }) => text).join('\n') });
  }
}

/** Whether the first line is a record of a container runtime. */
function isRecords(input: Buffer): boolean {
  const newline = input.indexOf(0x0a);
  return detectFormat(input, 0, newline < 0 ? input.length : newline, newRecord()) !== undefined;
}

/** Lines as a container runtime would have written them, a microsecond apart. */
function asRecords(input: Buffer, stream: string, nowNs: bigint): Buffer {
  const pieces: Buffer[] = [];
  for (let start = 0, n = 0n; start < input.length; n++) {
    const newline = input.indexOf(0x0a, start);
    const end = newline < 0 ? input.length : newline;
    const ns = nowNs + n * 1000n;
    const time = `${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19)}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
    pieces.push(Buffer.from(`${time} ${stream} F `), input.subarray(start, end), Buffer.from('\n'));
    start = end + 1;
  }
  return Buffer.concat(pieces);
}
