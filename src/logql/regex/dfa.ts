import { assertBits, classOfRune, opAlternate, opAssert, opCapture, opMatch, opRune, type RegexProgram } from './program.ts';
import { decodeRune } from './utf8.ts';

/** Entries of the transition table. Positive ones are rows of the table. */
const unknown = 0;
const matched = -1;
const dead = -2;

/** What stands before the place where a state is: nothing, a newline, a word character. */
const atBegin = 1;
const afterNewline = 2;
const afterWord = 4;

/** Instructions that all cached states may hold together; beyond that the cache starts over. */
const cachedInstructionsMax = 400_000;
const cachedStatesMax = 20_000;

/**
 * Decides whether a text matches, in time linear in its length: a deterministic automaton over classes of code points, built while it runs.
 * Its cache is bounded; a pattern that keeps overflowing it runs on as slowly as its nondeterministic automaton, never worse.
 */
export class Dfa {
  readonly #program: RegexProgram;
  /** Row width: one entry per class, and one for the end of the text. */
  readonly #width: number;
  #table: Int32Array;
  #rows = 1;
  #sets: Int32Array[] = [new Int32Array(0)];
  #flags: number[] = [0];
  #ids = new Map<string, number>();
  #cachedInstructions = 0;
  #start = 0;

  // Scratch for closures.
  readonly #seen: Int32Array;
  #stamp = 0;
  #stack: Int32Array;
  readonly #next: Int32Array;
  #nextLength = 0;
  #nextMatched = false;

  constructor(program: RegexProgram) {
    this.#program = program;
    this.#width = program.classes + 1;
    this.#table = new Int32Array(this.#width * 64);
    this.#seen = new Int32Array(program.op.length);
    this.#stack = new Int32Array(2 * program.op.length + 2);
    this.#next = new Int32Array(program.op.length);
  }

  /** Whether bytes[from … to) holds a match. */
  matches(bytes: Uint8Array, from: number, to: number): boolean {
    const program = this.#program;
    const ascii = program.asciiClass;
    if (this.#start === 0) this.#reset();
    let state = this.#start;
    if (state < 0) return state === matched;
    let table = this.#table;
    for (let i = from; i < to; ) {
      const byte = bytes[i]!;
      let id: number;
      if (byte < 0x80) {
        id = ascii[byte]!;
        i++;
      } else {
        const decoded = decodeRune(bytes, i, to);
        i += decoded & 7;
        id = classOfRune(program, decoded >> 3);
      }
      let next = table[state + id]!;
      if (next > 0) {
        state = next;
        continue;
      }
      if (next === unknown) {
        next = this.#step(state, id);
        table = this.#table;
      }
      if (next < 0) return next === matched;
      state = next;
    }
    return this.#atEnd(state);
  }

  /** Whether the string holds a match; a lone surrogate counts as U+FFFD. */
  matchesText(text: string): boolean {
    const program = this.#program;
    if (this.#start === 0) this.#reset();
    let state = this.#start;
    if (state < 0) return state === matched;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      let id: number;
      if (unit < 0x80) id = program.asciiClass[unit]!;
      else {
        let rune = text.codePointAt(i)!;
        if (rune > 0xffff) i++;
        else if (rune >= 0xd800 && rune <= 0xdfff) rune = 0xfffd;
        id = classOfRune(program, rune);
      }
      let next = this.#table[state + id]!;
      if (next === unknown) next = this.#step(state, id);
      if (next < 0) return next === matched;
      state = next;
    }
    return this.#atEnd(state);
  }

  #atEnd(state: number): boolean {
    if (!this.#program.hasAssertions) return false;
    let next = this.#table[state + this.#width - 1]!;
    if (next === unknown) next = this.#step(state, this.#width - 1);
    return next === matched;
  }

  #reset(): void {
    this.#table = new Int32Array(this.#width * 64);
    this.#rows = 1;
    this.#sets = [new Int32Array(0)];
    this.#flags = [0];
    this.#ids = new Map();
    this.#cachedInstructions = 0;
    this.#begin();
    this.#follow(this.#program.start, 0);
    this.#start = this.#intern(this.#program.hasAssertions ? atBegin : 0);
  }

  #begin(): void {
    this.#stamp++;
    this.#nextLength = 0;
    this.#nextMatched = false;
  }

  /** Adds what is reached from `pc` without taking a code point. Assertions outside `holds` stay in the set, waiting for what follows. */
  #follow(pc: number, holds: number): void {
    const { op, out, arg } = this.#program;
    const stack = this.#stack;
    let depth = 0;
    stack[depth++] = pc;
    while (depth > 0) {
      const at = stack[--depth]!;
      if (this.#seen[at] === this.#stamp) continue;
      this.#seen[at] = this.#stamp;
      const kind = op[at]!;
      if (kind === opAlternate) {
        stack[depth++] = arg[at]!;
        stack[depth++] = out[at]!;
      } else if (kind === opCapture) stack[depth++] = out[at]!;
      else if (kind === opAssert && (arg[at]! & ~holds) === 0) stack[depth++] = out[at]!;
      else if (kind === opAssert || kind === opRune) this.#next[this.#nextLength++] = at;
      else if (kind === opMatch) this.#nextMatched = true;
    }
  }

  /** The state for the set in `#next`: its row, or `matched` or `dead`. */
  #intern(flags: number): number {
    if (this.#nextMatched) return matched;
    if (this.#nextLength === 0) return dead;
    const set = this.#next.slice(0, this.#nextLength).sort();
    const key = `${flags},${set.join(',')}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const row = this.#rows++ * this.#width;
    if (row + this.#width > this.#table.length) {
      const grown = new Int32Array(this.#table.length * 2);
      grown.set(this.#table);
      this.#table = grown;
    }
    this.#sets.push(set);
    this.#flags.push(flags);
    this.#ids.set(key, row);
    this.#cachedInstructions += set.length;
    return row;
  }

  /** Computes and remembers where `state` goes on class `id` (the last column is the end of the text). */
  #step(state: number, id: number): number {
    const program = this.#program;
    const row = state / this.#width;
    const set = this.#sets[row]!;
    const flags = this.#flags[row]!;
    const atEnd = id === this.#width - 1;
    const bits = atEnd ? 0 : program.classBits[id]!;
    let current: Int32Array = set;
    if (program.hasAssertions) {
      const holds = assertionsBetween(flags, bits, atEnd);
      this.#begin();
      for (const pc of set) this.#follow(pc, holds);
      if (this.#nextMatched) return this.#remember(state, id, matched);
      current = this.#next.slice(0, this.#nextLength);
    }
    if (atEnd) return this.#remember(state, id, dead);
    const { op, out, arg, members, classes } = program;
    this.#begin();
    for (const pc of current) if (op[pc] === opRune && members[arg[pc]! * classes + id] === 1) this.#follow(out[pc]!, 0);
    if (!program.anchoredStart) this.#follow(program.start, 0);
    if (this.#cachedInstructions > cachedInstructionsMax || this.#rows > cachedStatesMax) return this.#startOver(bits);
    const next = this.#intern(program.hasAssertions ? flagsAfter(bits) : 0);
    return this.#remember(state, id, next);
  }

  #remember(state: number, id: number, next: number): number {
    this.#table[state + id] = next;
    return next;
  }

  /** Empties the cache and goes on from the set that was just reached. */
  #startOver(bits: number): number {
    const set = this.#next.slice(0, this.#nextLength);
    const wasMatched = this.#nextMatched;
    this.#reset();
    this.#next.set(set);
    this.#nextLength = set.length;
    this.#nextMatched = wasMatched;
    return this.#intern(this.#program.hasAssertions ? flagsAfter(bits) : 0);
  }
}

function flagsAfter(bits: number): number {
  return ((bits & 1) === 0 ? 0 : afterNewline) | ((bits & 2) === 0 ? 0 : afterWord);
}

/** The assertions that hold between what stands before (flags) and what follows (bits of its class, or the end). */
function assertionsBetween(flags: number, bits: number, atEnd: boolean): number {
  let holds = 0;
  if ((flags & atBegin) !== 0) holds |= assertBits.begin_text | assertBits.begin_line;
  if ((flags & afterNewline) !== 0) holds |= assertBits.begin_line;
  if (atEnd) holds |= assertBits.end_text | assertBits.end_line;
  else if ((bits & 1) !== 0) holds |= assertBits.end_line;
  const boundary = ((flags & afterWord) !== 0) !== ((bits & 2) !== 0);
  return holds | (boundary ? assertBits.word_boundary : assertBits.no_word_boundary);
}
