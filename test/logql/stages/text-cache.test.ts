import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cleanText, TextCache } from '../../../src/logql/stages/text-cache.ts';

it('makes the same text as without a cache, whatever came before', () => {
  const cache = new TextCache();
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '🚀', '\u0000', ' '), maxLength: 30 }), { maxLength: 20 }), (texts) => {
      for (const text of texts) {
        const bytes = Buffer.from(`x${text}y`);
        expect(cache.text(bytes, 1, bytes.length - 1, 'plain')).toBe(text);
        expect(cache.text(bytes, 1, bytes.length - 1, 'clean')).toBe(text);
      }
    }),
  );
});

it('makes one U+FFFD of each byte that is no UTF-8, or one space', () => {
  const cache = new TextCache();
  const bytes = Buffer.from([0x61, 0xff, 0xe2, 0x82, 0x62]);
  expect(cache.text(bytes, 0, 5, 'plain')).toBe('a\ufffd\ufffd\ufffdb');
  expect(cache.text(bytes, 0, 5, 'clean')).toBe('a   b');
  expect(cleanText('a\ufffd')).toBe('a ');
});

it.each([
  [String.raw`a\"\\\/\b\f\n\r\t`, 'a"\\/\b\f\n\r\t'], [String.raw`\u00e9\ud83d\ude80`, 'é🚀'], [String.raw`\ud83d`, ''], [String.raw`\ud83dx`, ''], [String.raw`\ud83d\u0041`, ''],
  [String.raw`\u12`, ''], [String.raw`\x`, ''], ['\\', ''], [String.raw`\ufffd`, ' '], ['plain', 'plain'],
])('resolves the escapes of JSON: %s', (inside, text) => {
  expect(new TextCache().text(Buffer.from(inside), 0, Buffer.byteLength(inside), 'json')).toBe(text);
});
