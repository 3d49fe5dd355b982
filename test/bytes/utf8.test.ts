import { expect, it } from 'vitest';
import { utf8SequenceLength } from '../../src/bytes/mod.ts';

it.each([
  ['61', 1], ['c3a9', 2], ['e697a5', 3], ['f09f9880', 4], ['00', 1],
  ['c3', 0], ['80', 0], ['c080', 0], ['e08080', 0], ['eda080', 0], ['f0808080', 0], ['f4908080', 0], ['ff', 0], ['e69741', 0], ['f5808080', 0],
])('%s has a sequence of %i', (hex, length) => {
  const bytes = Buffer.from(hex, 'hex');
  expect(utf8SequenceLength(bytes, 0, bytes.length)).toBe(length);
});

it('agrees with TextDecoder', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let first = 0x80; first < 0x100; first++) {
    for (let second = 0x70; second < 0x100; second += 3) {
      const bytes = Buffer.from([first, second]);
      let sound = true;
      try {
        decoder.decode(bytes);
      } catch {
        sound = false;
      }
      expect(utf8SequenceLength(bytes, 0, 2) === 2, bytes.toString('hex')).toBe(sound && first >= 0xc2);
    }
  }
});
