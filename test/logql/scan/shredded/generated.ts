import type { ShreddedRun } from '../../../../src/model/mod.ts';
import { randomNumbers } from '../../../support/random.ts';
import { distinct, type CompareOptions } from './compare.ts';
import type { PlainRow } from './rows.ts';
import { GeneratedLines } from './generated-lines.ts';
import { GeneratedQuery } from './generated-queries.ts';
import { Dice } from './dice.ts';

/** Rows of one to three row groups, a query over them, and how to ask it; the same for the same seed. */
export interface GeneratedCase {
  readonly groups: readonly (readonly PlainRow[])[];
  readonly query: string;
  readonly options: CompareOptions;
}

const streams: readonly PlainRow['stream'][] = [{ app: 'a' }, { app: 'b', level: 'stream' }, { app: 'c', status: '1' }, { app: 'd', level: 's', pod: 'p' }, { app: 'e', trace_id: 't', level_extracted: 'x' }];

export function generatedCase(seed: number): GeneratedCase {
  const dice = new Dice(randomNumbers(seed));
  const lines = new GeneratedLines(dice);
  const groups = Array.from({ length: dice.pick([1, 1, 1, 1, 2, 3]) }, () => distinct(rowsOf(dice, lines)));
  const samples = groups.flatMap((rows) => [rows[dice.below(rows.length)]!, rows[dice.below(rows.length)]!]).map(({ line }) => line);
  const query = new GeneratedQuery(dice, samples, lines.names, [...lines.kinds]).text();
  const start = dice.pick([0, 0, 0, 60, 61, 300]);
  const options: CompareOptions = {
    direction: dice.pick(['forward', 'backward']),
    limit: dice.pick([0, 0, 1, 5, 100]),
    time: { start, end: start + dice.pick([0, 540, 540, 600, 600, 900]), step: dice.pick([7, 60, 60, 300]) },
    ...wantedOf(dice),
  };
  return { groups, query, options };
}

function rowsOf(dice: Dice, lines: GeneratedLines): PlainRow[] {
  const size = dice.pick([2, 10, 40, 40, 40, 150, 400]);
  const own = dice.some(streams, 3);
  const metadata = lines.metadata();
  const step = dice.pick([0.001, 0.5, 1, 1, 3, 10]);
  const ties = dice.chance(0.3);
  const makers = Array.from({ length: dice.pick([1, 1, 1, 2]) }, () => lines.maker());
  return Array.from({ length: size }, (_, i): PlainRow => {
    const at = ties ? Math.floor((i * step) / 5) * 5 : i * step;
    return { stream: dice.pick(own), time: Math.round((at % 900) * 1e9), line: dice.pick(makers)(i), metadata: metadata() };
  });
}

/** All of each run, or parts of it. */
function wantedOf(dice: Dice): Pick<CompareOptions, 'wanted'> {
  const kind = dice.pick(['all', 'all', 'all', 'cut', 'holes', 'few']);
  if (kind === 'all') return {};
  const share = dice.next();
  return {
    wanted: (run: ShreddedRun) => {
      const { stream, from, to } = run;
      const middle = from + Math.floor((to - from) * share);
      if (kind === 'cut') return middle > from ? [{ stream, from, to: middle }] : [];
      if (kind === 'few') return stream % 2 === 0 ? [run] : [];
      const behind = Math.min(to, middle + 2);
      return [{ stream, from, to: middle }, { stream, from: behind, to }].filter((part) => part.to > part.from);
    },
  };
}
