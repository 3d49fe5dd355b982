/** A pattern of `|>` and `!>`: literal texts and `<_>` between them. */
export type LinePattern = readonly (Buffer | null)[];

/** What is wrong with a pattern of a line filter, in Loki's words; null where nothing is. */
export function linePatternError(pattern: string): string | null {
  const pieces = pattern.split(/(<[A-Za-z_][A-Za-z0-9_]*>)/);
  for (let i = 1; i + 2 < pieces.length; i += 2) {
    if (pieces[i + 1] === '') return `found consecutive capture '${pieces[i]}${pieces[i + 2]}': invalid expression`;
  }
  for (let i = 1; i < pieces.length; i += 2) if (pieces[i] !== '<_>') return `named captures are not allowed: found '${pieces[i]}'`;
  return null;
}

/** Reads a pattern for which linePatternError is null. */
export function parseLinePattern(pattern: string): LinePattern {
  return pattern.split(/(<_>)/).flatMap((piece) => (piece === '' ? [] : [piece === '<_>' ? null : Buffer.from(piece, 'utf8')]));
}

/**
 * Whether the whole line follows the pattern: each literal stands where it first occurs after the one before, and each `<_>` takes at least one byte.
 */
export function matchesLinePattern(pattern: LinePattern, bytes: Uint8Array, from: number, to: number): boolean {
  if (from === to || pattern.length === 0) return from === to && pattern.length === 0;
  const line = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from);
  let at = 0;
  for (const [i, literal] of pattern.entries()) {
    if (literal === null) continue;
    const found = line.indexOf(literal, at);
    if (found < 0 || (i !== 0 && found === at)) return false;
    at = found + literal.length;
  }
  return (pattern.at(-1) === null) === (at !== line.length);
}
