import { expect, test } from 'vitest';
import { LabelSets } from '../../src/journal/mod.ts';

const labels = (value: string) => [{ name: 'a', value }];

test('equal bytes are one array', () => {
  const sets = new LabelSets();
  const first = sets.get(Buffer.from('xone'), 1, 4, () => labels('one'));
  expect(first).toEqual(labels('one'));
  expect(sets.get(Buffer.from('one'), 0, 3, () => labels('other'))).toBe(first);
  expect(sets.get(Buffer.from('two'), 0, 3, () => labels('two'))).toEqual(labels('two'));
});

test('what is not used goes, what is used stays, and what is long is not kept', () => {
  const sets = new LabelSets();
  const used = sets.get(Buffer.from('used'), 0, 4, () => labels('used'));
  sets.get(Buffer.from('unused'), 0, 6, () => labels('unused'));
  const text = Buffer.alloc(8000, 0x78);
  for (let i = 0; i < 2000; i++) {
    text.write(String(i));
    sets.get(text, 0, text.length, () => labels(String(i)));
    expect(sets.get(Buffer.from('used'), 0, 4, () => labels('again'))).toBe(used);
  }
  expect(sets.get(Buffer.from('unused'), 0, 6, () => labels('again'))).toEqual(labels('again'));
  const long = Buffer.alloc(9000);
  sets.get(long, 0, 9000, () => labels('long'));
  expect(sets.get(long, 0, 9000, () => labels('longer'))).toEqual(labels('longer'));
});
