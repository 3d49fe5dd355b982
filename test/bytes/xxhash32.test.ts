import { expect, it } from 'vitest';
import { XxHash32 } from '../../src/bytes/mod.ts';

// Of the reference implementation, seed 0.
it.each([
  ['', 0x02cc5d05],
  ['a', 0x550d7456],
  ['abc', 0x32d153ff],
  ['abcdefghijklmnopqrstuvwxyz', 0x63a14d5f],
  ['Nobody inspects the spammish repetition', 0xe2293b2f],
])('%j', (text, wanted) => {
  const bytes = Buffer.from(text);
  expect(new XxHash32().update(bytes).digest()).toBe(wanted);
  for (let cut = 0; cut <= bytes.length; cut++) expect(new XxHash32().update(bytes, 0, cut).update(bytes, cut).digest()).toBe(wanted);
});

it('does not care how long pieces are cut', () => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 31) & 0xff));
  const whole = new XxHash32().update(bytes).digest();
  for (const size of [1, 7, 15, 16, 17, 33, 500]) {
    const hash = new XxHash32();
    for (let at = 0; at < bytes.length; at += size) hash.update(bytes, at, Math.min(bytes.length, at + size));
    expect(hash.digest()).toBe(whole);
  }
});
