import fc from 'fast-check';
import { expect, test } from 'vitest';
import { levelOfText } from '../../src/distributor/level-text.ts';

/** The rule, said with a regular expression. */
const naive = (line: string): string => {
  const match = /(?<=^|[ \t\n[({"'=|])(trace|debug|fatal|critical|error|err|warning|warn|info)(?=$|[ \t\n[\](){}:,!"'=|])/i.exec(line);
  const word = match?.[1]?.toLowerCase() ?? 'unknown';
  return word === 'err' ? 'error' : word === 'warning' ? 'warn' : word;
};

test('the earliest word with edges', () => {
  const piece = fc.oneof(
    fc.constantFrom('trace', 'debug', 'fatal', 'critical', 'error', 'err', 'warning', 'warn', 'info', 'ERROR', 'Info', 'wrn', 'inf', 'x', 'é'),
    fc.constantFrom(...' \t\n[](){}"\'=|:,!./<>-_;\r'.split('')),
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const line = pieces.join('');
    const bytes = Buffer.from(`=${line}=`);
    expect(levelOfText(bytes, 1, bytes.length - 1)).toBe(naive(line));
  }), { numRuns: 5000 });
});
