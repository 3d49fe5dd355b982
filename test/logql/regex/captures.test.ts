import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CaptureFinder } from '../../../src/logql/regex/captures.ts';
import { compileProgram } from '../../../src/logql/regex/program.ts';
import { parseRegex } from '../../../src/logql/regex/syntax.ts';
import { patterns, subjects } from './generate.ts';

test('the search for long texts finds what the one for short texts finds', () => {
  fc.assert(
    fc.property(patterns, fc.array(subjects, { minLength: 1, maxLength: 6 }), fc.nat(3), (pattern, texts, at) => {
      const parsed = parseRegex(pattern);
      const program = compileProgram(parsed.root, parsed.names.length, pattern);
      const short = new CaptureFinder(program);
      const long = new CaptureFinder(program, 0);
      for (const text of texts) {
        const bytes = Buffer.from(text);
        const from = Math.min(at, bytes.length);
        const found = short.find(bytes, 0, bytes.length, from);
        expect(long.find(bytes, 0, bytes.length, from)).toBe(found);
        if (found) expect(long.slots).toEqual(short.slots);
      }
    }),
    { numRuns: 1500 },
  );
});
