import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRune, decodeText, runeError } from '../../../src/logql/regex/utf8.ts';

test('decodes what is valid, and each other byte alone as U+FFFD', () => {
  expect(decodeText(Buffer.from([0xe2, 0x82, 0x61]), 0, 3)).toBe('\ufffd\ufffda');
  expect(decodeText(Buffer.from([0xed, 0xa0, 0x80]), 0, 3)).toBe('\ufffd\ufffd\ufffd');
  expect(decodeText(Buffer.from([0xc0, 0x80]), 0, 2)).toBe('\ufffd\ufffd');
  expect(decodeText(Buffer.from([0xf4, 0x90, 0x80, 0x80]), 0, 4)).toBe('\ufffd'.repeat(4));
  expect(decodeText(Buffer.from('a\u{1f600}é'), 0, 7)).toBe('a\u{1f600}é');
});

test('text and code points of random bytes agree', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text))), fc.nat(4), (bytes, cut) => {
      const end = Math.max(0, bytes.length - cut);
      let text = '';
      for (let i = 0; i < end; ) {
        const decoded = bytes[i]! < 0x80 ? bytes[i]! * 8 + 1 : decodeRune(bytes, i, end);
        text += String.fromCodePoint(decoded >> 3);
        if (decoded >> 3 === runeError) expect([1, 3]).toContain(decoded & 7);
        i += decoded & 7;
      }
      expect(decodeText(bytes, 0, end)).toBe(text);
    }),
    { numRuns: 2000 },
  );
});
