import { keyToken, valueToken, variableToken, wordToken, type LineTokens } from './line-tokens.ts';

/** In a shape: a variable, and a word that is not part of it. No Latin-1 text holds them. */
export const variableSign = '\u0100';
export const wordSign = '\u0101';

/** The line that `tokens` has read, bytes[start … start + length), without its words and variables, as Latin-1: what it shares with all lines of its shape. */
export function shapeOf(tokens: LineTokens, bytes: Buffer, start: number, length: number): string {
  let shape = '';
  let at = start;
  for (let i = 0; i < tokens.count; i++) {
    const from = tokens.start[i]!;
    const to = tokens.end[i]!;
    const kind = tokens.kind[i]!;
    shape += bytes.toString('latin1', at, kind === keyToken ? to : from);
    at = to;
    if (kind === variableToken || kind === valueToken) shape += variableSign;
    else if (kind === wordToken) shape += wordSign;
  }
  return shape + bytes.toString('latin1', at, start + length);
}

/** The words, as Latin-1. */
export function wordsOf(tokens: LineTokens, bytes: Buffer): string[] {
  const words: string[] = [];
  for (let i = 0; i < tokens.count; i++) if (tokens.kind[i] === wordToken) words.push(bytes.toString('latin1', tokens.start[i], tokens.end[i]));
  return words;
}

/** What the variables hold that might be the same in all lines, as Latin-1; null for the others. */
export function valuesOf(tokens: LineTokens, bytes: Buffer): (string | null)[] {
  const values: (string | null)[] = [];
  for (let i = 0; i < tokens.count; i++) {
    if (tokens.kind[i] === valueToken) values.push(bytes.toString('latin1', tokens.start[i], tokens.end[i]));
    else if (tokens.kind[i] === variableToken) values.push(null);
  }
  return values;
}

/** Keys of values that tell what happened, like the text of a message; words in the values of other keys are a field's. */
const tellingKeys: ReadonlySet<string> = new Set([
  'level', 'lvl', 'severity', 'msg', 'message', 'log', 'body', 'text', 'event', 'error', 'err', 'reason', 'exception', 'caller', 'logger', 'action', 'operation', 'op',
]);

/** For each word of a shape, whether it is part of the value of a field, by the keys of JSON and logfmt before it. */
export function fieldPlaces(shape: string): readonly boolean[] {
  const places: boolean[] = [];
  // The value that is being read, and whether it ends with a quote or with white space.
  let isField = false;
  let quoted = false;
  let inValue = false;
  for (let i = 0; i < shape.length; i++) {
    const character = shape[i]!;
    if (character === wordSign) places.push(inValue && isField);
    else if (inValue && (quoted ? character === '"' : /[\s,}]/.test(character))) inValue = false;
    else if (!inValue && (character === '=' || (character === '"' && shape[i + 1] === ':'))) {
      const key = /\w{1,32}$/.exec(shape.slice(Math.max(0, i - 33), i))?.[0].toLowerCase();
      if (key === undefined) continue;
      if (character === '"') i++;
      if (character === '"' && shape[i + 1] === ' ') i++;
      quoted = shape[i + 1] === '"';
      if (quoted) i++;
      isField = !tellingKeys.has(key);
      inValue = true;
    }
  }
  return places;
}

