import { redactedText, type Redaction, type Rewriter } from './rewriter.ts';
import { byteSet, wordBytes } from './bytes.ts';

const digitsMin = 14;
const digitsMax = 19;
/** No run of so many bytes without a digit, a space or a dash holds a card number. */
const stride = digitsMin;
const numberBytes = byteSet('0-9 -');
const replacement = redactedText('card');
const dot = 0x2e;

/**
 * Card numbers: 14 to 19 digits, together or in groups between single spaces or dashes, that begin as those of a network do and whose Luhn check digit is right (ISO/IEC 7812-1). One of some fifty numbers of
 * 16 digits that are none looks like one, which is why this has to be asked for.
 */
export class CardRedaction implements Redaction {
  readonly #digits = new Uint8Array(digitsMax);

  scan(bytes: Buffer, start: number, end: number, found: Rewriter): void {
    let done = start;
    for (let at = start + stride - 1; at < end; at += stride) {
      if (numberBytes[bytes[at]!] === 0) continue;
      let first = at;
      while (first > done && numberBytes[bytes[first - 1]!] === 1) first--;
      let last = at + 1;
      while (last < end && numberBytes[bytes[last]!] === 1) last++;
      this.#inRun(bytes, start, first, last, end, found);
      done = last;
      at = last - 1;
    }
  }

  /** Looks through a run of digits, spaces and dashes. */
  #inRun(bytes: Buffer, start: number, from: number, to: number, end: number, found: Rewriter): void {
    for (let at = from; at < to; ) {
      if (!isDigit(bytes[at]!)) {
        at++;
        continue;
      }
      const last = this.#groups(bytes, at, to);
      const whole = (at === start || !joins(bytes[at - 1]!)) && (last === end || !joins(bytes[last]!));
      const count = this.#count;
      if (whole && count >= digitsMin && isNetwork(this.#digits, count) && passesLuhn(this.#digits, count)) {
        found.replace(at, last, replacement, 'card');
        at = last;
        continue;
      }
      // Not these digits; perhaps a number begins with the next group.
      while (at < to && isDigit(bytes[at]!)) at++;
    }
  }

  #count = 0;

  /** Reads digits from `at` on, in groups between single spaces or dashes, at most as many as a card has; where they end. */
  #groups(bytes: Buffer, at: number, to: number): number {
    let count = 0;
    let last = at;
    let separator = 0;
    for (let next = at; next < to; next++) {
      const byte = bytes[next]!;
      if (isDigit(byte)) {
        if (count === digitsMax) {
          // More digits than any card has; with a separator before them they may be the next word.
          if (last === next) count++;
          break;
        }
        this.#digits[count++] = byte - 0x30;
        last = next + 1;
      } else {
        if (last !== next || (separator !== 0 && byte !== separator) || !groupEnds(bytes, next, to)) break;
        separator = byte;
      }
    }
    this.#count = count > digitsMax ? 0 : count;
    return last;
  }
}

/** Whether behind the separator at `at` stands a group of three to seven digits, as cards have them. */
function groupEnds(bytes: Buffer, at: number, to: number): boolean {
  let next = at + 1;
  while (next < to && next < at + 9 && isDigit(bytes[next]!)) next++;
  return next - at - 1 >= 3 && next - at - 1 <= 7;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function joins(byte: number): boolean {
  return wordBytes[byte] === 1 || byte === dot;
}

function isNetwork(digits: Uint8Array, count: number): boolean {
  const two = digits[0]! * 10 + digits[1]!;
  const four = two * 100 + digits[2]! * 10 + digits[3]!;
  if (digits[0] === 4) return count === 16 || count === 19;
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return count === 16;
  if (two === 34 || two === 37) return count === 15;
  if (two === 36 || two === 38 || two === 39 || (four >= 3000 && four <= 3059)) return count === 14;
  if (four >= 3528 && four <= 3589) return count >= 16;
  if (four === 6011 || two === 65 || (four >= 6440 && four <= 6499)) return count >= 16;
  return two === 62 && count >= 16;
}

function passesLuhn(digits: Uint8Array, count: number): boolean {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const digit = digits[count - 1 - i]!;
    const doubled = i % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
