import { byteBits, digit, digitsIn, hexLetter, isVariable, letter, separator, wide, wordByte } from './segments.ts';
import { patternLineBytesMax, patternTokensMax, patternWordBytesMax } from './limits.ts';

/**
 * A token that is a variable unless all lines have the same there; a word, which becomes one where too many others stand in its place; a key of logfmt or JSON, which never does; and one that is always a variable.
 */
export const valueToken = 0;
export const wordToken = 1;
export const keyToken = 2;
export const variableToken = 3;

/** A value that looks like an ID and ends in `=` is base64, not a key; so is anything as long as that. */
const keyBytesMax = 32;
const keyDigitsMax = 4;
/** Of a line break after so many tokens only what stands before counts: the rest is a stack trace or the like. */
const tokensOfFirstLine = 3;
/** Longer values are variables also where all lines have the same. */
const valueBytesMax = 16;

const newline = 0x0a;
const escape = 0x1b;
const quote = 0x22;
const colon = 0x3a;
const equals = 0x3d;
const bracket = 0x5b;
const dot = 0x2e;
const dash = 0x2d;
const slash = 0x2f;
/** Stand for a variable and a word in the hash of a shape. */
const variableMark = 0x1ff;
const wordMark = 0x2ff;

/**
 * Cuts lines into words, variables and what stands between, and hashes the words and the rest, in one pass and without making anything. Everything is a function of the line alone, so that equal
 * lines are equal wherever they are read.
 *
 * The rules keep a promise: wherever the variables and any of the words are replaced by `<_>`, the pattern matches the line (render.ts says why). So a variable never holds a separator, unless it is the last
 * thing of the line, and joins neighbours over one mark only (`10.0.0.1:80`, `2026-11-20T10:00:00Z`).
 */
export class LineTokens {
  /** Tokens of the last line that was read, and where each begins and ends in its bytes. */
  count = 0;
  readonly kind = new Uint8Array(patternTokensMax + 1);
  readonly start = new Uint32Array(patternTokensMax + 1);
  readonly end = new Uint32Array(patternTokensMax + 1);
  /** 64 bits of the text of each token that is a word or a value. */
  readonly wordLow = new Int32Array(patternTokensMax + 1);
  readonly wordHigh = new Int32Array(patternTokensMax + 1);
  /** 64 bits of the line without its words and variables: of its shape. */
  shapeLow = 0;
  shapeHigh = 0;
  /** Values and variables among the tokens, and which ones these are; set by whoever looks through them. */
  variables = 0;
  readonly variable = new Uint16Array(patternTokensMax + 1);

  /** Reads bytes[lineStart … lineStart + length). */
  read(bytes: Uint8Array, lineStart: number, length: number): void {
    const { kind, start, end, wordLow, wordHigh } = this;
    const lineEnd = lineStart + length;
    const stop = length > patternLineBytesMax ? lineStart + patternLineBytesMax : lineEnd;
    let low = 0x811c9dc5;
    let high = 0x2545f491;
    let count = 0;
    // The run of words and marks that is being read: its first variable, the hash behind that, and where its last one ended.
    let first = -1;
    let firstLow = 0;
    let firstHigh = 0;
    let joinAt = -1;
    let joinLow = 0;
    let joinHigh = 0;
    let i = lineStart;
    let tail = -1;
    while (i < stop) {
      let byte = bytes[i]!;
      let bits = byteBits[byte]!;
      if ((bits & wordByte) === 0) {
        low = Math.imul(low ^ byte, 0x01000193);
        high = Math.imul(high ^ byte, 0x5bd1e995);
        i++;
        if ((bits & separator) === 0) continue;
        first = -1;
        joinAt = -1;
        if (byte === newline && count >= tokensOfFirstLine && i < lineEnd) {
          tail = i;
          break;
        }
        // Colours belong to what stands between words.
        if (byte === escape && i < stop && bytes[i] === bracket) {
          do {
            byte = bytes[i]!;
            low = Math.imul(low ^ byte, 0x01000193);
            high = Math.imul(high ^ byte, 0x5bd1e995);
            i++;
          } while (i < stop && ((byteBits[bytes[i]!]! & digit) !== 0 || bytes[i] === 0x3b));
          if (i < stop && (byteBits[bytes[i]!]! & (letter | hexLetter)) !== 0) {
            byte = bytes[i]!;
            low = Math.imul(low ^ byte, 0x01000193);
            high = Math.imul(high ^ byte, 0x5bd1e995);
            i++;
          }
        }
        continue;
      }
      if (count === patternTokensMax) {
        tail = i;
        break;
      }
      const from = i;
      const firstBits = bits;
      let all = 0;
      do {
        all |= bits;
        i++;
        if (i === stop) break;
        byte = bytes[i]!;
        bits = byteBits[byte]!;
      } while ((bits & wordByte) !== 0);
      if (i === stop && stop < lineEnd) {
        tail = from;
        break;
      }
      const isDatePart = i < stop && (byte === dash || byte === slash || byte === colon);
      const isKey = i < stop && (byte === equals ? i + 1 === stop || bytes[i + 1] !== equals : byte === quote && i + 1 < stop && bytes[i + 1] === colon);
      // Most words have no digits, and most variables begin with one: the others are looked at closely.
      const constant =
        all === letter || all === (letter | hexLetter)
          ? i - from <= patternWordBytesMax
          : ((firstBits & digit) === 0 && !isVariable(bytes, from, i, all, lineStart, lineEnd)) || (isKey && canBeKey(bytes, from, i, all));
      // What neither tells lines apart nor can be the same in all of them needs no hash.
      let ownLow = 0x811c9dc5;
      let ownHigh = 0x2545f491;
      if (constant || i - from <= valueBytesMax) {
        for (let at = from; at < i; at++) {
          const own = bytes[at]!;
          ownLow = Math.imul(ownLow ^ own, 0x01000193);
          ownHigh = Math.imul(ownHigh ^ own, 0x5bd1e995);
        }
      }
      if (constant) {
        kind[count] = isKey ? keyToken : wordToken;
        start[count] = from;
        end[count] = i;
        if (isKey) {
          low = Math.imul(low ^ ownLow, 0x01000193);
          high = Math.imul(high ^ ownHigh, 0x5bd1e995);
        } else {
          wordLow[count] = ownLow;
          wordHigh[count] = ownHigh;
          low = Math.imul(low ^ wordMark, 0x01000193);
          high = Math.imul(high ^ wordMark, 0x5bd1e995);
        }
        count++;
      } else if (joinAt >= 0 && from - joinAt === 1) {
        low = joinLow;
        high = joinHigh;
        end[count - 1] = i;
        joinAt = i;
        // A version or an address may be the same in all lines; a time is none that anybody would search for.
        if (bytes[from - 1] !== dot || isDatePart || i - start[count - 1]! > valueBytesMax || (all & wide) !== 0) kind[count - 1] = variableToken;
        wordLow[count - 1] = Math.imul(wordLow[count - 1]! ^ ownLow, 0x01000193);
        wordHigh[count - 1] = Math.imul(wordHigh[count - 1]! ^ ownHigh, 0x5bd1e995);
      } else {
        low = Math.imul(low ^ variableMark, 0x01000193);
        high = Math.imul(high ^ variableMark, 0x5bd1e995);
        kind[count] = isDatePart || i - from > valueBytesMax || (all & wide) !== 0 ? variableToken : valueToken;
        start[count] = from;
        end[count] = i;
        wordLow[count] = ownLow;
        wordHigh[count] = ownHigh;
        if (first < 0) {
          first = count;
          firstLow = low;
          firstHigh = high;
        }
        joinAt = i;
        joinLow = low;
        joinHigh = high;
        count++;
      }
    }
    if (tail < 0 && stop < lineEnd) tail = stop;
    if (first >= 0) {
      // A run with a variable that ends the line, or is cut, is variable from there on: what follows a variable at the end of a line might stand in it, too.
      if (count > first + 1 || end[first] !== lineEnd) kind[first] = variableToken;
      count = first + 1;
      end[first] = lineEnd;
      low = firstLow;
      high = firstHigh;
    } else if (tail >= 0) {
      kind[count] = variableToken;
      start[count] = tail;
      end[count] = lineEnd;
      count++;
      low = Math.imul(low ^ variableMark, 0x01000193);
      high = Math.imul(high ^ variableMark, 0x5bd1e995);
    }
    this.count = count;
    this.shapeLow = low;
    this.shapeHigh = high;
  }
}

function canBeKey(bytes: Uint8Array, from: number, to: number, bits: number): boolean {
  return to - from <= keyBytesMax && (bits & wide) === 0 && digitsIn(bytes, from, to) <= keyDigitsMax;
}
