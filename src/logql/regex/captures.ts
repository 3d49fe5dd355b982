import { assertBits, classOfRune, opAlternate, opAssert, opCapture, opMatch, opRune, type RegexProgram } from './program.ts';
import { decodeRune } from './utf8.ts';

/** Visited marks (instruction × place) that the backtracking search may hold; longer texts go to the parallel one. */
const visitedMax = 2_000_000;

/**
 * Finds where groups match, as Go's regexp does (leftmost, then first in order of preference), in time linear in the text: a backtracking search
 * that never visits an instruction twice at one place, or for long texts all threads in parallel.
 */
export class CaptureFinder {
  readonly #program: RegexProgram;
  #visited = new Int32Array(0);
  #stamp = 0;
  #stack = new Int32Array(1024);
  /** Offsets of the last match: slot 2g is the start and 2g + 1 the end of group g, -1 where it took no part. */
  readonly slots: Int32Array;
  /** 1 for each ASCII byte (and 1 at 128 for all others) that a match can begin with; null where it can be empty. */
  readonly #first: Uint8Array | null;

  readonly #visitedLimit: number;

  constructor(program: RegexProgram, visitedLimit = visitedMax) {
    this.#program = program;
    this.#visitedLimit = visitedLimit;
    this.slots = new Int32Array(program.slots);
    this.#first = firstBytes(program);
  }

  /** Searches bytes[from … to) from `at` on; on success `slots` holds offsets into bytes. What stands before `at` counts for assertions. */
  find(bytes: Uint8Array, from: number, to: number, at = from): boolean {
    const states = this.#program.op.length;
    if (states * (to - at + 1) > this.#visitedLimit) return this.#findParallel(bytes, from, to, at);
    const cells = states * (to - at + 1);
    if (this.#visited.length < cells) {
      this.#visited = new Int32Array(Math.max(cells, 2 * this.#visited.length));
      this.#stamp = 0;
    }
    if (this.#stamp === 0x7fffffff) {
      this.#visited.fill(0);
      this.#stamp = 0;
    }
    this.#stamp++;
    const first = this.#first;
    for (let start = at; start <= to; ) {
      const byte = start < to ? bytes[start]! : -1;
      if (first === null || (byte >= 0 && first[byte < 128 ? byte : 128] === 1)) {
        if (this.#tryAt(bytes, from, to, at, start)) return true;
      }
      if (this.#program.anchoredStart) return false;
      start += byte < 0x80 ? 1 : decodeRune(bytes, start, to) & 7;
    }
    return false;
  }

  #tryAt(bytes: Uint8Array, from: number, to: number, base: number, start: number): boolean {
    const program = this.#program;
    const { op, out, arg, members, classes, asciiClass } = program;
    const slots = this.slots;
    const visited = this.#visited;
    const stamp = this.#stamp;
    const width = to - base + 1;
    let stack = this.#stack;
    slots.fill(-1);
    let depth = 0;
    stack[depth++] = program.start;
    stack[depth++] = start;
    while (depth > 0) {
      let place = stack[--depth]!;
      let pc = stack[--depth]!;
      if (pc < 0) {
        slots[~pc] = place;
        continue;
      }
      for (;;) {
        const cell = pc * width + place - base;
        if (visited[cell] === stamp) break;
        visited[cell] = stamp;
        const kind = op[pc]!;
        if (kind === opRune) {
          if (place >= to) break;
          const byte = bytes[place]!;
          let id: number;
          let step = 1;
          if (byte < 0x80) id = asciiClass[byte]!;
          else {
            const decoded = decodeRune(bytes, place, to);
            step = decoded & 7;
            id = classOfRune(program, decoded >> 3);
          }
          if (members[arg[pc]! * classes + id] === 0) break;
          place += step;
          pc = out[pc]!;
        } else if (kind === opAlternate) {
          if (depth + 4 > stack.length) {
            stack = this.#grow(stack);
          }
          stack[depth++] = arg[pc]!;
          stack[depth++] = place;
          pc = out[pc]!;
        } else if (kind === opCapture) {
          const slot = arg[pc]!;
          if (depth + 4 > stack.length) {
            stack = this.#grow(stack);
          }
          stack[depth++] = ~slot;
          stack[depth++] = slots[slot]!;
          slots[slot] = place;
          pc = out[pc]!;
        } else if (kind === opAssert) {
          if ((arg[pc]! & ~assertionsAt(bytes, from, to, place, arg[pc]!)) !== 0) break;
          pc = out[pc]!;
        } else if (kind === opMatch) return true;
        else break;
      }
    }
    return false;
  }

  #grow(stack: Int32Array): Int32Array<ArrayBuffer> {
    const grown = new Int32Array(2 * stack.length);
    grown.set(stack);
    this.#stack = grown;
    return grown;
  }

  /** All threads side by side, in order of preference; memory does not grow with the text. */
  #findParallel(bytes: Uint8Array, from: number, to: number, at: number): boolean {
    const program = this.#program;
    const { op, out, arg, members, classes } = program;
    const size = op.length;
    const width = program.slots;
    let current = new Int32Array(size);
    let next = new Int32Array(size);
    let currentSlots = new Int32Array(size * width);
    let nextSlots = new Int32Array(size * width);
    const seen = new Int32Array(size);
    let generation = 0;
    let count = 0;
    let found = false;
    const pending: number[] = [];
    const scratch = new Int32Array(width);
    // Adds pc and what follows it without a code point, each with the captures on its way.
    const add = (list: Int32Array, slots: Int32Array, length: number, first: number, place: number): number => {
      let filled = length;
      pending.push(first, 0);
      while (pending.length > 0) {
        const old = pending.pop()!;
        const pc = pending.pop()!;
        if (pc < 0) {
          scratch[~pc] = old;
          continue;
        }
        if (seen[pc] === generation) continue;
        seen[pc] = generation;
        const kind = op[pc]!;
        if (kind === opAlternate) pending.push(arg[pc]!, 0, out[pc]!, 0);
        else if (kind === opCapture) {
          const slot = arg[pc]!;
          pending.push(~slot, scratch[slot]!, out[pc]!, 0);
          scratch[slot] = place;
        } else if (kind === opAssert) {
          if ((arg[pc]! & ~assertionsAt(bytes, from, to, place, arg[pc]!)) === 0) pending.push(out[pc]!, 0);
        } else if (kind === opRune || kind === opMatch) {
          list[filled] = pc;
          slots.set(scratch, filled * width);
          filled++;
        }
      }
      return filled;
    };
    for (let place = at; ; ) {
      if (!found && (!program.anchoredStart || place === from)) {
        if (count === 0) generation++;
        scratch.fill(-1);
        count = add(current, currentSlots, count, program.start, place);
      }
      if (count === 0 && (found || program.anchoredStart)) break;
      const byte = place < to ? bytes[place]! : -1;
      const decoded = byte < 0 ? 1 : byte < 0x80 ? byte * 8 + 1 : decodeRune(bytes, place, to);
      const after = place + (decoded & 7);
      const id = byte < 0 ? -1 : classOfRune(program, decoded >> 3);
      let nextCount = 0;
      generation++;
      for (let i = 0; i < count; i++) {
        const pc = current[i]!;
        if (op[pc] === opMatch) {
          this.slots.set(currentSlots.subarray(i * width, (i + 1) * width));
          found = true;
          break;
        }
        if (id < 0 || members[arg[pc]! * classes + id] === 0) continue;
        scratch.set(currentSlots.subarray(i * width, (i + 1) * width));
        nextCount = add(next, nextSlots, nextCount, out[pc]!, after);
      }
      [current, next] = [next, current];
      [currentSlots, nextSlots] = [nextSlots, currentSlots];
      count = nextCount;
      if (byte < 0) break;
      place = after;
    }
    return found;
  }
}

/** Which of the wanted assertions hold at `place`. */
function assertionsAt(bytes: Uint8Array, from: number, to: number, place: number, wanted: number): number {
  let holds = 0;
  if (place === from) holds |= assertBits.begin_text | assertBits.begin_line;
  else if (bytes[place - 1] === 10) holds |= assertBits.begin_line;
  if (place === to) holds |= assertBits.end_text | assertBits.end_line;
  else if (bytes[place] === 10) holds |= assertBits.end_line;
  if ((wanted & (assertBits.word_boundary | assertBits.no_word_boundary)) !== 0) {
    const before = place > from && isWord(bytes[place - 1]!);
    const after = place < to && isWord(bytes[place]!);
    holds |= before === after ? assertBits.no_word_boundary : assertBits.word_boundary;
  }
  return holds;
}

function isWord(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f;
}

function firstBytes(program: RegexProgram): Uint8Array | null {
  const { op, out, arg, members, classes } = program;
  const first = new Uint8Array(129);
  const seen = new Set<number>();
  const stack = [program.start];
  while (stack.length > 0) {
    const pc = stack.pop()!;
    if (seen.has(pc)) continue;
    seen.add(pc);
    const kind = op[pc]!;
    if (kind === opAlternate) stack.push(out[pc]!, arg[pc]!);
    else if (kind === opCapture || kind === opAssert) stack.push(out[pc]!);
    else if (kind === opMatch) return null;
    else if (kind === opRune) {
      for (let byte = 0; byte < 128; byte++) if (members[arg[pc]! * classes + program.asciiClass[byte]!] === 1) first[byte] = 1;
      first[128] = 1;
    }
  }
  return first;
}
