import { byteBits, separator, wordByte } from './segments.ts';
import type { PlaceValue, PlaceWords } from './leaf.ts';
import { variableSign, wordSign } from './shape.ts';

/** Text as Latin-1, or a variable: one that a rule found in each line, or a place of words. */
type Piece = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'rule' | 'place' };

const variableText = '<_>';
/** What may stand between parts of a time, or numbers of a list. */
const gap = /^[\s,;+./:-]+$/;

/**
 * The pattern of lines of a shape with these words, and these values of variables, as `|>` takes it: it matches each of those lines.
 *
 * Why: `|>` looks for each text where it first occurs behind the one before it, and the last one must end the line. A place holds one word, with neither separator nor mark in it, and a
 * text behind a variable begins with one of these; so it cannot begin earlier than where it stands. What a rule found may hold marks, and then texts without separators may be found too early; the next text with a
 * separator is found where it stands all the same, and there is one, because a run of words and marks that ends the line is one variable from its first variable on (LineTokens).
 */
export function renderPattern(shape: string, words: PlaceWords, values: readonly PlaceValue[] = []): string {
  let pattern = '';
  for (const piece of joinVariables(withoutCaptures(piecesOf(shape, words, new Map(values))))) {
    pattern += piece.kind === 'text' ? Buffer.from(piece.text, 'latin1').toString('utf8') : variableText;
  }
  return pattern;
}

function piecesOf(shape: string, words: PlaceWords, values: ReadonlyMap<number, string>): Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  let place = 0;
  let variable = 0;
  const push = (piece: Piece): void => {
    if (text !== '') pieces.push({ kind: 'text', text });
    text = '';
    pieces.push(piece);
  };
  for (const part of shape.split(/([\u0100\u0101])/)) {
    if (part === variableSign) {
      const value = values.get(variable++);
      if (value === undefined) push({ kind: 'rule' });
      else text += value;
    } else if (part === wordSign) {
      const word = words[place++] ?? null;
      if (word === null) push({ kind: 'place' });
      else text += word;
    } else text += part;
  }
  if (text !== '') pieces.push({ kind: 'text', text });
  return pieces;
}

/** A pattern has no other way to say `<name>` than by a variable between the brackets. */
function withoutCaptures(pieces: readonly Piece[]): Piece[] {
  return pieces.flatMap((piece): Piece[] => {
    if (piece.kind !== 'text') return [piece];
    const parts = piece.text.split(/(?<=<)[A-Za-z_][A-Za-z0-9_]*(?=>)/);
    return parts.flatMap((text, i): Piece[] => (i === 0 ? [{ kind: 'text', text }] : [{ kind: 'place' }, { kind: 'text', text }]));
  });
}

/** Takes away texts between variables where the pattern then still matches. */
function joinVariables(pieces: readonly Piece[]): readonly Piece[] {
  const joined: Piece[] = [];
  // From the end, because what may be left out depends on the text behind.
  for (let i = pieces.length - 1; i >= 0; i--) {
    const piece = pieces[i]!;
    const before = pieces[i - 1];
    const behind = joined.at(-1);
    if (piece.kind === 'text' && before !== undefined && behind !== undefined && behind.kind !== 'text' && gap.test(piece.text)) {
      const next = joined.at(-2);
      if (next === undefined || (next.kind === 'text' && canJoin(piece.text, behind.kind, next.text))) {
        // The variable before this text takes the place of the one behind it.
        joined.pop();
        joined.push(before);
        i--;
        continue;
      }
    }
    joined.push(piece);
  }
  return joined.toReversed();
}

/** Whether `next` cannot occur within `between` and the variable behind that, so that it is found behind them. */
function canJoin(between: string, kind: 'rule' | 'place', next: string): boolean {
  if (!isSeparator(next[0]!)) return false;
  if (!between.includes(next[0]!)) return true;
  if (kind === 'place') return false;
  // A whole word behind the separators: what a rule found begins with no word that is none of a rule's.
  let i = 0;
  while (i < next.length && !isWord(next[i]!)) i++;
  const from = i;
  while (i < next.length && isWord(next[i]!)) i++;
  return i > from && i < next.length && !/\d/.test(next.slice(from, i));
}

function isSeparator(character: string): boolean {
  return (byteBits[character.charCodeAt(0)]! & separator) !== 0;
}

function isWord(character: string): boolean {
  return (byteBits[character.charCodeAt(0)]! & wordByte) !== 0;
}
