import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogFile, logFileName, logFilePattern } from '../../src/journal/log-file.ts';

test('seek gives a frame at or before the position, near it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 48, max: 300_000 }), { minLength: 1, maxLength: 60 }), fc.nat(), (sizes, which) => {
      const log = new LogFile('file', { first: 100, salt: 0 });
      const offsets: number[] = [];
      for (const size of sizes) {
        offsets.push(log.length);
        log.add(log.length + size);
      }
      expect(log.next).toBe(100 + sizes.length);
      const position = 100 + (which % sizes.length);
      const found = log.seek(position);
      expect(found.position).toBeLessThanOrEqual(position);
      expect(found.offset).toBe(offsets[found.position - 100]);
      expect(offsets[position - 100]! - found.offset).toBeLessThan(2 ** 18 + 300_000);
    }),
  );
});

test('names sort as positions do', () => {
  expect(logFileName(813)).toBe('00000000000000000813.journal');
  expect(logFileName(2 ** 53 - 1)).toMatch(logFilePattern);
  expect([10, 9, 100].map(logFileName).sort()).toEqual([9, 10, 100].map(logFileName));
});
