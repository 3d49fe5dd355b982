import { expect, test } from 'vitest';
import { inRanges } from '../../../src/logql/regex/ranges.ts';
import { foldOrbit, foldRanges, unicodeClass } from '../../../src/logql/regex/unicode.ts';

test('letters fold as V8 folds them, but for six that Unicode added later than Go', () => {
  const newer = new Set([0x390, 0x3b0, 0x1fd3, 0x1fe3, 0xfb05, 0xfb06]);
  for (let rune = 0x41; rune <= 0x1e943; rune++) {
    if ((rune >= 0xd800 && rune <= 0xdfff) || newer.has(rune)) continue;
    const text = String.fromCodePoint(rune);
    const orbit = foldOrbit(rune);
    expect(orbit).toContain(rune);
    if (orbit.length === 1 && text.toLowerCase() === text && text.toUpperCase() === text) continue;
    const pattern = new RegExp(`^\\u{${rune.toString(16)}}$`, 'iu');
    for (const other of orbit) expect(pattern.test(String.fromCodePoint(other)), `${rune.toString(16)} ${other.toString(16)}`).toBe(true);
    for (const other of [text.toLowerCase(), text.toUpperCase()]) {
      if (Array.from(other).length === 1) expect(orbit.includes(other.codePointAt(0) ?? 0)).toBe(pattern.test(other));
    }
  }
  expect(foldOrbit(0x6b)).toEqual([0x4b, 0x6b, 0x212a]);
  expect(foldOrbit(0x212a)).toEqual([0x4b, 0x6b, 0x212a]);
});

test('classes are those of the Unicode database', () => {
  for (const [name, pattern] of [['L', /\p{L}/u], ['Lu', /\p{Lu}/u], ['Greek', /\p{sc=Greek}/u], ['Nd', /\p{Nd}/u], ['P', /\p{P}/u]] as const) {
    const ranges = unicodeClass(name) ?? [];
    for (let rune = 0; rune <= 0x10ffff; rune += rune < 0x3000 ? 1 : 37) {
      if (rune < 0xd800 || rune > 0xdfff) expect(inRanges(ranges, rune), `${name} ${rune.toString(16)}`).toBe(pattern.test(String.fromCodePoint(rune)));
    }
  }
  expect(unicodeClass('Foo')).toBeNull();
  expect(unicodeClass('sc=Greek')).toBeNull();
  expect(unicodeClass('Any')).toEqual([0, 0x10ffff]);
});

test('a set closed under folding', () => {
  expect(foldRanges([0x61, 0x63])).toEqual([0x41, 0x43, 0x61, 0x63]);
  expect(foldRanges([0x6b, 0x6b])).toEqual([0x4b, 0x4b, 0x6b, 0x6b, 0x212a, 0x212a]);
});
