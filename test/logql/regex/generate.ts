import fc from 'fast-check';

const atoms = [
  'a', 'b', 'c', 'é', 'K', 'k', 's', '.', String.raw`\d`, String.raw`\w`, String.raw`\s`, '[ab]', '[^a]', '[a-c]', String.raw`\b`, String.raw`\B`, '^', '$', '(?i:k)', '(?i:É)', String.raw`\W`,
  String.raw`[^\n]`, '(?s:.)', '(?m:^)', '(?m:$)', String.raw`\pL`, '[[:alpha:]]', 'x{2}', 'a{1,3}', String.raw`\n`, String.raw`\r`, '(?i:s)', '(?:)', String.raw`\z`, String.raw`\A`,
  String.raw`\x{fffd}`, '[k-s]', '(?i:[k-s])', '(?i:abc)', 'abc',
];

/** Patterns in RE2 syntax that compile. */
export const patterns: fc.Arbitrary<string> = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.constantFrom(...atoms),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => a + b),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
    tie('pattern').map((a) => `(${a})`),
    fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{0,2}', '{2,}')).map(([a, quantifier]) => `(?:${a})${quantifier}`),
  ),
})).pattern;

/** Short texts over the letters that the patterns tell apart. */
export const subjects: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('a', 'b', 'c', 'é', 'É', 'K', 'k', '\u212a', 'ſ', 's', 'x', '\n', '\r', ' ', '1', '_', '😀', '\ufffd', 'z'), { maxLength: 9 })
  .map((parts) => parts.join(''));
