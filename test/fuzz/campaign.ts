import { Dice } from './dice.ts';
import { fuzzCases } from './cases.ts';

/** How often each kind of case ended how. */
export type Tally = Record<string, Record<string, number>>;

const turns = Object.entries(fuzzCases).flatMap(([name, { share }]) => Array.from({ length: share }, () => name));

/** Which kind case `number` is. */
export function kindOf(number: number): string {
  return turns[number % turns.length]!;
}

/**
 * Runs cases `from` to `from + count` of a seed. Each has its own dice, so that one alone gives the same again. `begin` is told of each before it runs. Throws the
 * first failure, with the seed, the number and the case in its message.
 */
export async function runCases(seed: number, from: number, count: number, begin: (number: number, what: string) => void = () => {}): Promise<Tally> {
  const tally: Tally = {};
  for (let number = from; number < from + count; number++) {
    const kind = kindOf(number);
    let what = '';
    begin(number, '');
    try {
      const outcome = await fuzzCases[kind]!.run(new Dice(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)), (text) => {
        what = text;
        begin(number, text);
      });
      const counts = (tally[kind] ??= {});
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    } catch (error) {
      throw new Error(`case ${number} of seed ${seed} (${kind}): ${what}`, { cause: error });
    }
  }
  return tally;
}
