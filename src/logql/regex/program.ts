import { RegexSyntaxError, type RegexAssertion, type RegexCapture, type RegexNode } from './ast.ts';
import { rangesOf, runeRanges } from './nodes.ts';
import { inRanges, type RuneRanges } from './ranges.ts';

/** Instructions of the automaton. */
export const opAlternate = 0;
export const opRune = 1;
export const opMatch = 2;
export const opAssert = 3;
export const opCapture = 4;
export const opFail = 5;

/** Bits of the argument of opAssert; also of what holds between two code points. */
export const assertBits: Readonly<Record<RegexAssertion['at'], number>> = {
  begin_line: 1,
  end_line: 2,
  begin_text: 4,
  end_text: 8,
  word_boundary: 16,
  no_word_boundary: 32,
};

/**
 * A nondeterministic automaton over classes of code points that the pattern cannot tell apart. Instruction i goes on to `out[i]`; opAlternate
 * prefers `out[i]` and then tries `arg[i]`; opRune takes one code point of set `arg[i]`; opCapture notes the place in slot `arg[i]`.
 */
export interface RegexProgram {
  readonly op: Uint8Array;
  readonly out: Int32Array;
  readonly arg: Int32Array;
  readonly start: number;
  /** True where every way through begins with `^` (without m), so that only the text's first place can match. */
  readonly anchoredStart: boolean;
  readonly hasAssertions: boolean;
  /** Number of classes. */
  readonly classes: number;
  /** Class of each ASCII code point. */
  readonly asciiClass: Uint16Array;
  /** First code points of the intervals of one class each, ascending from 0. */
  readonly intervalStart: Int32Array;
  readonly intervalClass: Uint16Array;
  /** members[set * classes + class] is 1 where the set holds the class. */
  readonly members: Uint8Array;
  /** By class: 1 newline, 2 word character. */
  readonly classBits: Uint8Array;
  /** Slots of captures, two for each group with the whole match first. */
  readonly slots: number;
}

/** Instructions a program may have at most; bigger patterns are refused as Go refuses those over its own limit. */
const instructionsMax = 400_000;

/** A piece of program: where it begins, what still has to be pointed somewhere (instruction × 2, + 1 for `arg`), whether it can match "". */
interface Fragment {
  readonly start: number;
  readonly exits: readonly number[];
  readonly nullable: boolean;
}

/** Builds the automaton of a tree. Throws RegexSyntaxError `expression too large`. */
export function compileProgram(root: RegexNode, groups: number, pattern: string): RegexProgram {
  const compiler = new Compiler(pattern);
  const body = compiler.node({ kind: 'capture', index: 0, name: '', sub: root });
  compiler.patch(body.exits, compiler.emit(opMatch, 0));
  return compiler.program(body.start, 2 * (groups + 1), startsAnchored(root));
}

function startsAnchored(node: RegexNode): boolean {
  if (node.kind === 'assertion') return node.at === 'begin_text';
  if (node.kind === 'capture') return startsAnchored(node.sub);
  if (node.kind === 'repeat') return node.min > 0 && startsAnchored(node.sub);
  if (node.kind === 'concat') return node.subs.length > 0 && startsAnchored(node.subs[0]!);
  return node.kind === 'alternate' && node.subs.every(startsAnchored);
}

const wordRanges: RuneRanges = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];

class Compiler {
  readonly #op: number[] = [];
  readonly #out: number[] = [];
  readonly #arg: number[] = [];
  readonly #sets: RuneRanges[] = [];
  readonly #setIds = new Map<string, number>();
  readonly #pattern: string;
  #assertions = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  emit(op: number, arg: number): number {
    if (this.#op.length >= instructionsMax) throw new RegexSyntaxError('expression too large', this.#pattern);
    this.#out.push(-1);
    this.#arg.push(arg);
    return this.#op.push(op) - 1;
  }

  patch(exits: readonly number[], target: number): void {
    for (const exit of exits) {
      if ((exit & 1) === 0) this.#out[exit >> 1] = target;
      else this.#arg[exit >> 1] = target;
    }
  }

  node(node: RegexNode): Fragment {
    if (node.kind === 'empty') return this.#nothing();
    if (node.kind === 'no_match') return { start: this.emit(opFail, 0), exits: [], nullable: false };
    if (node.kind === 'literal') return this.#all(node.runes.map((rune) => () => this.#rune(runeRanges(rune, node.fold))));
    if (node.kind === 'capture') return this.#capture(node);
    if (node.kind === 'concat') return this.#all(node.subs.map((sub) => () => this.node(sub)));
    if (node.kind === 'alternate') return this.#alternate(node.subs);
    if (node.kind === 'repeat') return this.#repeat(node.sub, node.min, node.max, node.greedy);
    if (node.kind !== 'assertion') return this.#rune(rangesOf(node));
    this.#assertions = true;
    const at = this.emit(opAssert, assertBits[node.at]);
    return { start: at, exits: [2 * at], nullable: true };
  }

  #capture(node: RegexCapture): Fragment {
    const open = this.emit(opCapture, 2 * node.index);
    const body = this.node(node.sub);
    const close = this.emit(opCapture, 2 * node.index + 1);
    this.patch([2 * open], body.start);
    this.patch(body.exits, close);
    return { start: open, exits: [2 * close], nullable: body.nullable };
  }

  #nothing(): Fragment {
    const at = this.emit(opAssert, 0);
    return { start: at, exits: [2 * at], nullable: true };
  }

  #all(makers: readonly (() => Fragment)[]): Fragment {
    let whole: Fragment | undefined;
    for (const make of makers) {
      const next = make();
      if (whole === undefined) whole = next;
      else {
        this.patch(whole.exits, next.start);
        whole = { start: whole.start, exits: next.exits, nullable: whole.nullable && next.nullable };
      }
    }
    return whole ?? this.#nothing();
  }

  #alternate(subs: readonly RegexNode[]): Fragment {
    const exits: number[] = [];
    let nullable = false;
    let start = -1;
    let open: number[] = [];
    for (const [i, sub] of subs.entries()) {
      const last = i === subs.length - 1;
      const fork = last ? -1 : this.emit(opAlternate, -1);
      const body = this.node(sub);
      const entry = last ? body.start : fork;
      if (start < 0) start = entry;
      this.patch(open, entry);
      if (!last) this.patch([2 * fork], body.start);
      open = [2 * fork + 1];
      for (const exit of body.exits) exits.push(exit);
      nullable ||= body.nullable;
    }
    return { start, exits, nullable };
  }

  #repeat(sub: RegexNode, min: number, max: number, greedy: boolean): Fragment {
    if (max === 0) return this.#nothing();
    const copies: (() => Fragment)[] = [];
    if (max < 0) {
      for (let i = 1; i < min; i++) copies.push(() => this.node(sub));
      copies.push(() => (min === 0 ? this.#star(sub, greedy) : this.#plus(sub, greedy)));
    } else {
      for (let i = 0; i < min; i++) copies.push(() => this.node(sub));
      if (max > min) copies.push(() => this.#optional(sub, max - min, greedy));
    }
    return this.#all(copies);
  }

  /** (x(x(x)?)?)? */
  #optional(sub: RegexNode, times: number, greedy: boolean): Fragment {
    const exits: number[] = [];
    let start = -1;
    let open: readonly number[] = [];
    for (let i = 0; i < times; i++) {
      const fork = this.emit(opAlternate, -1);
      if (start < 0) start = fork;
      this.patch(open, fork);
      const body = this.node(sub);
      this.patch([greedy ? 2 * fork : 2 * fork + 1], body.start);
      exits.push(greedy ? 2 * fork + 1 : 2 * fork);
      open = body.exits;
    }
    return { start, exits: [...exits, ...open], nullable: true };
  }

  #plus(sub: RegexNode, greedy: boolean): Fragment {
    const body = this.node(sub);
    const fork = this.emit(opAlternate, -1);
    this.patch(body.exits, fork);
    this.patch([greedy ? 2 * fork : 2 * fork + 1], body.start);
    return { start: body.start, exits: [greedy ? 2 * fork + 1 : 2 * fork], nullable: body.nullable };
  }

  /** x*; where x can match "" it is (x+)?, which keeps the preferences right. */
  #star(sub: RegexNode, greedy: boolean): Fragment {
    const fork = this.emit(opAlternate, -1);
    const body = this.node(sub);
    const into = greedy ? 2 * fork : 2 * fork + 1;
    const exit = greedy ? 2 * fork + 1 : 2 * fork;
    this.patch([into], body.start);
    if (!body.nullable) {
      this.patch(body.exits, fork);
      return { start: fork, exits: [exit], nullable: true };
    }
    const again = this.emit(opAlternate, -1);
    this.patch(body.exits, again);
    this.patch([greedy ? 2 * again : 2 * again + 1], body.start);
    return { start: fork, exits: [exit, greedy ? 2 * again + 1 : 2 * again], nullable: true };
  }

  #rune(ranges: RuneRanges): Fragment {
    const key = ranges.join(',');
    let id = this.#setIds.get(key);
    if (id === undefined) {
      id = this.#sets.push(ranges) - 1;
      this.#setIds.set(key, id);
    }
    const at = this.emit(opRune, id);
    return { start: at, exits: [2 * at], nullable: false };
  }

  program(start: number, slots: number, anchoredStart: boolean): RegexProgram {
    const sets = this.#sets;
    const bounds = new Set([0]);
    for (const ranges of [...sets, ...(this.#assertions ? [wordRanges, [10, 10]] : [])]) {
      for (let i = 0; i < ranges.length; i += 2) {
        bounds.add(ranges[i]!);
        bounds.add(ranges[i + 1]! + 1);
      }
    }
    const starts = Int32Array.from([...bounds].filter((bound) => bound <= 0x10ffff).sort((a, b) => a - b));
    const intervalClass = new Uint16Array(starts.length);
    const bySignature = new Map<string, number>();
    const firsts: number[] = [];
    for (const [i, first] of starts.entries()) {
      const bits = this.#assertions ? bitsOf(first) : 0;
      const signature = `${bits}:${sets.map((ranges) => (inRanges(ranges, first) ? 1 : 0)).join('')}`;
      let id = bySignature.get(signature);
      if (id === undefined) {
        id = firsts.push(first) - 1;
        bySignature.set(signature, id);
      }
      intervalClass[i] = id;
    }
    const classes = firsts.length;
    const members = new Uint8Array(sets.length * classes);
    for (const [set, ranges] of sets.entries()) for (const [id, first] of firsts.entries()) members[set * classes + id] = inRanges(ranges, first) ? 1 : 0;
    const asciiClass = new Uint16Array(128);
    for (let i = 0, interval = 0; i < 128; i++) {
      while (interval + 1 < starts.length && starts[interval + 1]! <= i) interval++;
      asciiClass[i] = intervalClass[interval]!;
    }
    return {
      op: Uint8Array.from(this.#op),
      out: Int32Array.from(this.#out),
      arg: Int32Array.from(this.#arg),
      start,
      anchoredStart,
      hasAssertions: this.#assertions,
      classes,
      asciiClass,
      intervalStart: starts,
      intervalClass,
      members,
      classBits: Uint8Array.from(firsts, bitsOf),
      slots,
    };
  }
}

function bitsOf(rune: number): number {
  return (rune === 10 ? 1 : 0) | (inRanges(wordRanges, rune) ? 2 : 0);
}

/** The class of any code point. */
export function classOfRune(program: RegexProgram, rune: number): number {
  if (rune < 128) return program.asciiClass[rune]!;
  const starts = program.intervalStart;
  let lo = 0;
  let hi = starts.length - 1;
  while (lo < hi) {
    const mid = (lo + hi + 1) >> 1;
    if (starts[mid]! <= rune) lo = mid;
    else hi = mid - 1;
  }
  return program.intervalClass[lo]!;
}

