import { holeMayHold, inAlphabet, type ColumnHead, type LineTemplate } from '../../../model/mod.ts';

/**
 * Whether `| pattern` finds the texts between its captures at the same places in every line of the template, whatever fills the holes: none of these texts may
 * begin in a hole, or in the template's text and reach into a hole, before the place where it is found when holes hold what cannot be part of it.
 */
export function isSettled(pattern: string, template: LineTemplate, heads: readonly ColumnHead[]): boolean {
  const texts = pattern.split(/<[A-Za-z_][A-Za-z0-9_]*>/).map((text) => Buffer.from(text));
  // The line as symbols: bytes of the text, and holes as negative numbers.
  const symbols: number[] = [];
  for (const [i, piece] of template.text.entries()) {
    for (const byte of piece) symbols.push(byte);
    if (i < template.holes.length) symbols.push(-1 - i);
  }
  const [lead = Buffer.alloc(0), ...others] = texts;
  let at = 0;
  // The lead must stand in the text.
  for (const byte of lead) if (symbols[at++] !== byte) return false;
  for (const text of others) {
    if (text.length === 0) return true;
    const found = findSettled(symbols, at, text, template, heads);
    if (found < 0) return false;
    at = found + text.length;
  }
  return true;
}

/** Where `text` is found first in every line; -1 where that differs, or where it is not found for sure. */
function findSettled(symbols: readonly number[], from: number, text: Buffer, template: LineTemplate, heads: readonly ColumnHead[]): number {
  for (let at = from; at < symbols.length; at++) {
    const symbol = symbols[at]!;
    if (symbol < 0) {
      // It could begin inside the hole.
      const hole = -1 - symbol;
      if (holeMayHold(template.holes[hole]!, text[0]!) && inAlphabet(heads[hole]!.header.alphabet, text[0]!)) return -1;
      continue;
    }
    let length = 0;
    while (length < text.length && symbols[at + length] === text[length]) length++;
    if (length === text.length) return at;
    // It could go on inside a hole (also an empty one, behind which other text follows).
    if ((symbols[at + length] ?? 0) < 0) return -1;
  }
  return -1;
}
