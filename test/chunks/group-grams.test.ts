import { expect, test } from 'vitest';
import { encodeColumn } from '../../src/chunks/columns/encode.ts';
import { GramFilter } from '../../src/chunks/grams.ts';
import { GroupGrams } from '../../src/chunks/group-grams.ts';
import { Dice } from '../logql/scan/shredded/dice.ts';
import { randomNumbers } from '../support/random.ts';
import { valuesOf } from './columns/values.ts';

const dice = new Dice(randomNumbers(1));
const word = (): string => Array.from({ length: 7 }, () => String.fromCharCode(0x61 + dice.below(26))).join('');
const some = Array.from({ length: 150 }, word);
const sentences = Array.from({ length: 500 }, () => Array.from({ length: 12 }, () => dice.pick(some)).join(' '));
const columns: Readonly<Record<string, readonly string[]>> = {
  text: sentences,
  affix: sentences.map((text) => `Prefix that all have: ${text} :suffix`),
  dictionary: sentences.map((_, i) => `entry ${some[i % 150]!} and more of it`),
  inline: sentences.map((_, i) => `small ${i % 7}`),
  integer: sentences.map((_, i) => String(i * 17)),
  constant: sentences.map(() => 'constant text'),
  empty: sentences.map(() => ''),
};

test('has the texts that only pages tell about', () => {
  const grams = new GroupGrams<string>();
  const kinds: string[] = [];
  for (const [name, texts] of Object.entries(columns)) {
    const values = valuesOf(texts);
    const encoded = encodeColumn(values, { earlier: [], pool: null });
    kinds.push(encoded.header.kind);
    grams.add(name, encoded, values, encoded.pages.reduce((sum, page) => sum + page.length, 0));
  }
  expect(kinds).toEqual(['text', 'affix', 'dictionary', 'dictionary', 'integer', 'constant', 'constant']);
  const built = grams.finish()!;
  expect([...built.columns].sort()).toEqual(['affix', 'dictionary', 'text']);
  const filter = new GramFilter(built.filter, 'x');
  const holds = (text: string): boolean => filter.mayHold(Buffer.from(text));
  for (const name of ['text', 'affix', 'dictionary']) for (const text of columns[name]!) expect(holds(text)).toBe(true);
  for (const text of ['small 3', 'constant text', '4267 1701']) expect(holds(text)).toBe(false);
});

test('there is none where there are no texts', () => {
  expect(new GroupGrams<string>().finish()).toBeNull();
});
