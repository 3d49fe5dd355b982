import { compileRegex, type ByteMatcher } from '../../../src/logql/regex/mod.ts';
import { redactedText, type Redaction, type Rewriter } from './rewriter.ts';

/** A pattern of one's own. */
export interface PatternOptions {
  /** What its texts are counted by, and named in their place. */
  readonly name: string;
  /** RE2 syntax. With a group named `secret` only what that group matches is replaced. */
  readonly pattern: string;
  /** What stands in its place; `[redacted:<name>]` without. */
  readonly replacement?: string | undefined;
}

/** Replaces what a pattern matches, from left to right. Matches that are empty are passed over. */
export class PatternRedaction implements Redaction {
  readonly #matcher: ByteMatcher;
  readonly #needles: readonly Buffer[] | null;
  readonly #slot: number;
  readonly #text: Buffer;
  readonly #name: string;

  /** Throws RegexSyntaxError. */
  constructor(options: PatternOptions) {
    this.#name = options.name;
    this.#matcher = compileRegex(options.pattern);
    const { literals, names } = this.#matcher;
    this.#needles = literals === null || literals.fold ? null : literals.texts.map((text) => Buffer.from(text, 'latin1'));
    this.#slot = 2 * (names.indexOf('secret') + 1);
    this.#text = options.replacement === undefined ? redactedText(options.name) : Buffer.from(options.replacement);
  }

  scan(bytes: Buffer, start: number, end: number, found: Rewriter): void {
    if (this.#needles !== null) {
      const line = bytes.subarray(start, end);
      if (!this.#needles.some((needle) => line.includes(needle))) return;
    }
    if (!this.#matcher.matches(bytes, start, end)) return;
    let done = start;
    for (let at = start; at <= end; ) {
      const slots = this.#matcher.find(bytes, start, end, at);
      if (slots === null) return;
      const matchEnd = slots[1]!;
      const first = slots[this.#slot]!;
      const last = slots[this.#slot + 1]!;
      if (first >= done && last > first) {
        found.replace(first, last, this.#text, this.#name);
        done = last;
      }
      at = Math.max(matchEnd, at + 1);
    }
  }
}
