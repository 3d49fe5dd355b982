import { RegexSyntaxError, type RegexAssertion, type RegexNode } from './ast.ts';
import { parseClass, parseClassEscape, parseEscape } from './class-syntax.ts';
import { alternateNode, joinRunes } from './factor.ts';
import { classNode, concatNode, isOneRune } from './nodes.ts';
import { foldOrbit } from './unicode.ts';

/** A pattern as a tree, with its capture groups. */
export interface ParsedRegex {
  readonly root: RegexNode;
  /** Name of each capture group, from group 1 on; "" where it has none. */
  readonly names: readonly string[];
}

/** Flags that `(?i)` and its sisters switch. */
interface Flags {
  readonly fold: boolean;
  readonly oneLine: boolean;
  readonly dotNewline: boolean;
  readonly nonGreedy: boolean;
}

const nestingMax = 1000;
const repeatMax = 1000;

/**
 * Parses RE2 syntax as Go's regexp does with Perl flags.
 * @param dotNewline start with `(?s)`
 * @throws RegexSyntaxError with Go's words
 */
export function parseRegex(pattern: string, dotNewline = false): ParsedRegex {
  const parser = new Parser(pattern);
  const root = parser.parse({ fold: false, oneLine: true, dotNewline, nonGreedy: false });
  return { root, names: parser.names };
}

class Parser {
  readonly names: string[] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(flags: Flags): RegexNode {
    const root = this.#group(flags, 0);
    if (this.#at < this.#text.length) throw new RegexSyntaxError('unexpected )', this.#text);
    return root;
  }

  /** Everything up to the closing parenthesis (which stays) or the end. */
  #group(outer: Flags, depth: number): RegexNode {
    if (depth > nestingMax) throw new RegexSyntaxError('expression nests too deeply', this.#text);
    let flags = outer;
    const alternatives: RegexNode[] = [];
    let items: RegexNode[] = [];
    /** Where the repetition that was read last begins; -1 where the last item is none. */
    let repeatAt = -1;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined || character === ')') break;
      let next = -1;
      if (character === '(') {
        const opened = this.#open(flags);
        if (opened.kind === 'flags') flags = opened.flags;
        else {
          const sub = this.#group(opened.flags, depth + 1);
          if (this.#at >= this.#text.length) throw new RegexSyntaxError('missing closing )', this.#text);
          this.#at++;
          items.push(opened.capture === null ? sub : { kind: 'capture', index: opened.capture, name: this.names[opened.capture - 1] ?? '', sub });
        }
      } else if (character === '|') {
        this.#at++;
        pushAlternative(alternatives, concatNode(items));
        items = [];
      } else if (character === '*' || character === '+' || character === '?') {
        next = this.#at;
        this.#at++;
        this.#repeat(items, next, repeatAt, character === '+' ? 1 : 0, character === '?' ? 1 : -1, flags, false);
      } else if (character === '{') {
        const counts = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#text.slice(this.#at, this.#at + 40));
        if (counts === null || !validCount(counts[1] ?? '') || !validCount(counts[3] ?? '')) {
          this.#at++;
          items.push(literal(0x7b, flags.fold));
        } else {
          next = this.#at;
          this.#at += counts[0].length;
          const min = Number(counts[1]);
          const max = counts[2] === undefined ? min : counts[3] === '' ? -1 : Number(counts[3]);
          if (min > repeatMax || max > repeatMax || (max >= 0 && min > max)) throw new RegexSyntaxError('invalid repeat count', counts[0]);
          this.#repeat(items, next, repeatAt, min, max, flags, true);
        }
      } else items.push(...this.#atom(character, flags));
      repeatAt = next;
    }
    pushAlternative(alternatives, concatNode(items));
    return alternatives.length === 1 ? alternatives[0]! : alternateNode(alternatives);
  }

  #atom(character: string, flags: Flags): readonly RegexNode[] {
    const rune = this.#text.codePointAt(this.#at) ?? 0;
    switch (character) {
      case '^':
        this.#at++;
        return [assertion(flags.oneLine ? 'begin_text' : 'begin_line')];
      case '$':
        this.#at++;
        return [assertion(flags.oneLine ? 'end_text' : 'end_line')];
      case '.':
        this.#at++;
        return [flags.dotNewline ? { kind: 'any' } : { kind: 'any_not_newline' }];
      case '[': {
        const parsed = parseClass(this.#text, this.#at, flags.fold);
        this.#at = parsed.end;
        return [classNode(parsed.ranges)];
      }
      case '\\':
        return this.#escape(flags);
      default:
        this.#at += rune > 0xffff ? 2 : 1;
        return [literal(rune, flags.fold)];
    }
  }

  #escape(flags: Flags): readonly RegexNode[] {
    const text = this.#text;
    const letter = text[this.#at + 1];
    const position = { A: 'begin_text', z: 'end_text', b: 'word_boundary', B: 'no_word_boundary' }[letter ?? ''] as RegexAssertion['at'] | undefined;
    if (position !== undefined) {
      this.#at += 2;
      return [assertion(position)];
    }
    if (letter === 'C') throw new RegexSyntaxError('invalid escape sequence', '\\C');
    if (letter === 'Q') {
      const end = text.indexOf('\\E', this.#at + 2);
      const quoted = text.slice(this.#at + 2, end < 0 ? text.length : end);
      this.#at = end < 0 ? text.length : end + 2;
      return Array.from(quoted, (piece) => literal(piece.codePointAt(0) ?? 0, flags.fold));
    }
    const named = parseClassEscape(text, this.#at, flags.fold);
    if (named !== null) {
      this.#at = named.end;
      return [classNode(named.ranges)];
    }
    const escaped = parseEscape(text, this.#at);
    this.#at = escaped.end;
    return [literal(escaped.rune, flags.fold)];
  }

  #repeat(items: RegexNode[], start: number, repeatAt: number, min: number, max: number, flags: Flags, counted: boolean): void {
    let greedy = !flags.nonGreedy;
    if (this.#text[this.#at] === '?') {
      this.#at++;
      greedy = !greedy;
    }
    if (repeatAt >= 0) throw new RegexSyntaxError('invalid nested repetition operator', this.#text.slice(repeatAt, this.#at));
    const sub = items.pop();
    const piece = this.#text.slice(start, this.#at);
    if (sub === undefined) throw new RegexSyntaxError('missing argument to repetition operator', piece);
    if (!counted && sub.kind === 'repeat' && !sub.counted && sub.greedy === greedy) {
      const same = sub.min === min && sub.max === max;
      items.push(same ? sub : { ...sub, min: 0, max: -1 });
      return;
    }
    const node: RegexNode = { kind: 'repeat', sub, min, max, greedy, counted };
    if (counted && (min >= 2 || max >= 2) && !repeatsWithin(node, repeatMax)) throw new RegexSyntaxError('invalid repeat count', piece);
    items.push(node);
  }

  /** Reads `(`, `(?:`, `(?flags:`, `(?flags)`, `(?P<name>` or `(?<name>`. */
  #open(flags: Flags): { readonly kind: 'flags'; readonly flags: Flags } | { readonly kind: 'group'; readonly flags: Flags; readonly capture: number | null } {
    const rest = this.#text.slice(this.#at);
    if (!rest.startsWith('(?')) {
      this.#at++;
      return { kind: 'group', flags, capture: this.names.push('') };
    }
    const start = rest.startsWith('(?P<') && rest.length > 4 ? 4 : rest.startsWith('(?<') && rest.length > 3 ? 3 : 0;
    if (start > 0) {
      const end = rest.indexOf('>');
      if (end < 0) throw new RegexSyntaxError('invalid named capture', rest);
      const name = rest.slice(start, end);
      if (!/^[A-Za-z0-9_]+$/.test(name)) throw new RegexSyntaxError('invalid named capture', rest.slice(0, end + 1));
      this.#at += end + 1;
      return { kind: 'group', flags, capture: this.names.push(name) };
    }
    let on: Flags = flags;
    let sign = true;
    let sawFlag = false;
    let at = 2;
    for (; at < rest.length; at++) {
      const letter = rest[at] ?? '';
      if (letter === 'i') on = { ...on, fold: sign };
      else if (letter === 'm') on = { ...on, oneLine: !sign };
      else if (letter === 's') on = { ...on, dotNewline: sign };
      else if (letter === 'U') on = { ...on, nonGreedy: sign };
      else if (letter === '-' && sign) sign = false;
      else if ((letter === ':' || letter === ')') && (sign || sawFlag)) {
        this.#at += at + 1;
        return letter === ':' ? { kind: 'group', flags: on, capture: null } : { kind: 'flags', flags: on };
      } else {
        at += (rest.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
        break;
      }
      sawFlag = letter !== '-';
    }
    throw new RegexSyntaxError('invalid or unsupported Perl syntax', rest.slice(0, at));
  }
}

/** Go merges single characters on both sides of a bar at once. */
function pushAlternative(alternatives: RegexNode[], node: RegexNode): void {
  const last = alternatives.at(-1);
  if (last !== undefined && isOneRune(last) && isOneRune(node)) alternatives[alternatives.length - 1] = joinRunes([last, node]);
  else alternatives.push(node);
}

function literal(rune: number, fold: boolean): RegexNode {
  return { kind: 'literal', runes: [fold ? (foldOrbit(rune)[0] ?? rune) : rune], fold };
}

function assertion(at: RegexAssertion['at']): RegexNode {
  return { kind: 'assertion', at };
}

function validCount(digits: string): boolean {
  return digits.length < 10 && !(digits.length > 1 && digits.startsWith('0'));
}

/** Whether nested counted repetitions multiply to at most `limit`. */
function repeatsWithin(node: RegexNode, limit: number): boolean {
  let left = limit;
  if (node.kind === 'repeat') {
    if (node.counted) {
      const most = node.max < 0 ? node.min : node.max;
      if (most > left) return false;
      if (most > 0) left = Math.floor(left / most);
    }
    return repeatsWithin(node.sub, left);
  }
  if (node.kind === 'capture') return repeatsWithin(node.sub, left);
  if (node.kind === 'concat' || node.kind === 'alternate') return node.subs.every((sub) => repeatsWithin(sub, left));
  return true;
}

