import { redactedText, type Redaction, type Rewriter } from './rewriter.ts';

/** What a detector found: bytes[start … end) is secret; `text` stands in its place where it is not the usual. */
export interface Found {
  start: number;
  end: number;
  kind: string;
  text: Buffer | null;
}

/** A window of four bytes that every text of a kind has: for each byte the characters it may be, '' for any. */
export type Window = readonly [string, string, string, string];

/** Finds secrets around windows. */
export interface Detector {
  readonly kinds: readonly string[];
  readonly windows: readonly Window[];
  /** Looks at a window that stands at `at`, which may be one byte before `start`; fills `out` and answers true where a secret is there that begins at or after `start`. */
  find(bytes: Buffer, start: number, end: number, at: number, out: Found): boolean;
}

/** Bytes between one look and the next where no window can end. */
const skipMax = 3;

/**
 * Looks for the windows of all detectors in one pass that skips: a table over pairs of bytes says how far away the nearest end of a window can be (Wu and Manber, 1994), so
 * that of a line without secrets a third of the bytes is looked at, and nothing is allocated.
 */
export class AnchoredRedaction implements Redaction {
  readonly #skip = new Uint8Array(65_536).fill(skipMax);
  /** By pair of bytes: index into #groups. */
  readonly #group = new Uint8Array(65_536);
  readonly #groups: Detector[][] = [[]];
  readonly #found: Found = { start: 0, end: 0, kind: '', text: null };
  readonly #texts = new Map<string, Buffer>();

  constructor(detectors: readonly Detector[]) {
    for (const detector of detectors) {
      for (const window of detector.windows) for (let place = 0; place < 3; place++) this.#enter(detector, window, place);
      for (const kind of detector.kinds) this.#texts.set(kind, redactedText(kind));
    }
  }

  scan(bytes: Buffer, start: number, end: number, found: Rewriter): void {
    const skip = this.#skip;
    let from = start;
    for (let at = start + 2; at < end; ) {
      const pair = (bytes[at - 1]! << 8) | bytes[at]!;
      const step = skip[pair]!;
      if (step !== 0) {
        at += step;
        continue;
      }
      if (this.#look(bytes, from, end, at - 3, this.#group[pair]!)) {
        const { start: first, end: last, kind, text } = this.#found;
        found.replace(first, last, text ?? this.#texts.get(kind)!, kind);
        from = last;
        at = Math.max(at + 1, from + 2);
      } else {
        at++;
      }
    }
  }

  #look(bytes: Buffer, start: number, end: number, at: number, group: number): boolean {
    const out = this.#found;
    for (const detector of this.#groups[group]!) {
      out.text = null;
      if (detector.find(bytes, start, end, at, out)) return true;
    }
    return false;
  }

  /** The pair at `place` and `place` + 1 of a window: a window ends at most so far behind it. */
  #enter(detector: Detector, window: Window, place: number): void {
    const distance = 2 - place;
    for (const first of codes(window[place]!)) {
      for (const second of codes(window[place + 1]!)) {
        const pair = (first << 8) | second;
        if (this.#skip[pair]! > distance) this.#skip[pair] = distance;
        if (distance === 0) this.#join(pair, detector);
      }
    }
  }

  #join(pair: number, detector: Detector): void {
    const before = this.#groups[this.#group[pair]!]!;
    if (before.includes(detector)) return;
    const wanted = [...before, detector];
    let group = this.#groups.findIndex((known) => known.length === wanted.length && known.every((other, i) => other === wanted[i]));
    if (group < 0) group = this.#groups.push(wanted) - 1;
    this.#group[pair] = group;
  }
}

function codes(characters: string): readonly number[] {
  if (characters === '') return Array.from({ length: 256 }, (_, code) => code);
  return Array.from(characters, (character) => character.charCodeAt(0));
}

/** A window of a text in any case. */
export function foldedWindow(text: string): Window {
  const [a = '', b = '', c = '', d = ''] = Array.from(text, (letter) => (letter === '?' ? '' : letter.toLowerCase() + (letter.toUpperCase() === letter ? '' : letter.toUpperCase())));
  return [a, b, c, d];
}

/** What stands in the place of a bare value that has to have quotes. */
export function redactedQuoted(kind: string, quote: string): Buffer {
  return Buffer.from(`${quote}[redacted:${kind}]${quote}`);
}
