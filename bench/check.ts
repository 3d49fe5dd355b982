/**
 * The regression check: the figures of a run against those of the last one, as ratios, because machines differ and days differ. Times and rates are taken relative to Loki's in
 * the same run where both runs have it, else relative to a fixed piece of work in the same run; bytes and memory as they are.
 */
import { figure, readMarks, type SizeResult } from './results.ts';
import type { Figures } from './measure.ts';

/** How much worse a figure may be before it counts as a regression. Queries are short and noisy, bytes are not. */
export const tolerances = { query: 1.6, ingest: 1.25, stored: 1.03, memory: 1.35 } as const;

/** Below this, a time is noise of the client and the network stack: shorter times count as this. */
export const noiseMs = 5;

export interface Compared {
  readonly what: string;
  readonly last: number;
  readonly now: number;
  /** Over 1: worse than the last time, after what the reference has changed. */
  readonly worse: number;
  readonly tolerance: number;
  readonly regressed: boolean;
}

export interface Comparison {
  readonly reference: 'Loki' | 'calibration';
  readonly compared: readonly Compared[];
  /** Queries whose answer differs from the last run's, on the same corpus. */
  readonly otherAnswers: readonly string[];
}

/** Compares spoor's figures on one corpus. */
export function compare(last: SizeResult, now: SizeResult): Comparison {
  const [lastSpoor, nowSpoor] = [system(last, 'spoor'), system(now, 'spoor')];
  if (lastSpoor === undefined || nowSpoor === undefined) throw new Error('one of the runs has no figures of spoor');
  const [lastLoki, nowLoki] = [system(last, 'Loki'), system(now, 'Loki')];
  const reference = lastLoki === undefined || nowLoki === undefined ? 'calibration' : 'Loki';
  const compared: Compared[] = [];
  const add = (what: string, kind: keyof typeof tolerances, lastFigure: number | null, nowFigure: number | null, lastReference: number | null, nowReference: number | null, more: boolean): void => {
    if (lastFigure === null || nowFigure === null || lastReference === null || nowReference === null) return;
    const floor = kind === 'query' ? noiseMs : 0;
    const grown = Math.max(nowFigure, floor) / Math.max(lastFigure, floor);
    const drift = kind === 'query' || kind === 'ingest' ? Math.max(nowReference, floor) / Math.max(lastReference, floor) : 1;
    const ratio = grown / drift;
    const worse = more ? 1 / ratio : ratio;
    compared.push({ what, last: lastFigure, now: nowFigure, worse, tolerance: tolerances[kind], regressed: worse > tolerances[kind] });
  };
  // A rate goes down where the time of the calibration goes up.
  const rate = (size: SizeResult, loki: Figures | undefined, id: string): number | null => (reference === 'Loki' && loki !== undefined ? figure(loki, id) : 1000 / size.calibrationMs);
  for (const { id, more } of readMarks().filter((mark) => mark.more)) add(id, 'ingest', figure(lastSpoor, id), figure(nowSpoor, id), rate(last, lastLoki, id), rate(now, nowLoki, id), more);
  add('stored', 'stored', lastSpoor.storedMB, nowSpoor.storedMB, 1, 1, false);
  add('peakIngest', 'memory', lastSpoor.load.peakMiB, nowSpoor.load.peakMiB, 1, 1, false);
  add('peakQuery', 'memory', lastSpoor.peakQueryMiB, nowSpoor.peakQueryMiB, 1, 1, false);
  const time = (size: SizeResult, loki: Figures | undefined, id: string): number | null => (reference === 'Loki' && loki !== undefined ? figure(loki, id) : size.calibrationMs);
  for (const { id } of nowSpoor.queries) add(id, 'query', figure(lastSpoor, id), figure(nowSpoor, id), time(last, lastLoki, id), time(now, nowLoki, id), false);
  const otherAnswers = nowSpoor.queries.filter(({ id, digest }) => (lastSpoor.queries.find((query) => query.id === id)?.digest ?? digest) !== digest).map(({ id }) => id);
  return { reference, compared, otherAnswers };
}

/** The comparison for people. */
export function comparisonText({ reference, compared, otherAnswers }: Comparison, lastDate: string): string {
  const rows = compared.map(({ what, last, now, worse, tolerance, regressed }) => `${what.padEnd(20)} ${last.toFixed(1).padStart(9)} ${now.toFixed(1).padStart(9)}   × ${worse.toFixed(2)} (up to ${tolerance})${regressed ? '   REGRESSED' : ''}`);
  const answers = otherAnswers.length === 0 ? 'all answers are the same' : `OTHER ANSWERS: ${otherAnswers.join(', ')}`;
  return `spoor, ${lastDate} against now; worse than 1 is slower or bigger, relative to ${reference === 'Loki' ? 'Loki in the same run' : 'a fixed piece of work in the same run'}\n${'figure'.padEnd(20)} ${'last'.padStart(9)} ${'now'.padStart(9)}   worse\n${rows.join('\n')}\n${answers}\n`;
}

function system({ systems }: SizeResult, name: string): Figures | undefined {
  return systems.find((figures) => figures.name === name);
}
