/** Finds texts to be replaced in bytes[start … end) and tells the rewriter, first to last. */
export interface Redaction {
  scan(bytes: Buffer, start: number, end: number, found: Rewriter): void;
}

/** A line that is being rewritten: nothing is copied before the first text is replaced. */
export class Rewriter {
  /** The line as it is now: bytes[start … end). */
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  #out: Buffer = Buffer.alloc(0);
  #outLength = 0;
  #other: Buffer = Buffer.alloc(0);
  #copied = 0;
  #changed = false;
  readonly #count: (kind: string) => void;

  /** @param count told the kind of each text that is replaced */
  constructor(count: (kind: string) => void) {
    this.#count = count;
  }

  /** Runs redactions over bytes[start … end), each over what the one before it left; whether anything was replaced. What is left is valid until the next call. */
  run(redactions: readonly Redaction[], bytes: Buffer, start: number, end: number): boolean {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    let any = false;
    for (const redaction of redactions) {
      this.#changed = false;
      this.#copied = this.start;
      redaction.scan(this.bytes, this.start, this.end, this);
      if (!this.#changed) continue;
      any = true;
      this.#copy(this.bytes, this.#copied, this.end);
      const out = this.#out;
      this.#out = this.#other;
      this.#other = out;
      this.bytes = out;
      this.start = 0;
      this.end = this.#outLength;
    }
    return any;
  }

  /** bytes[start … end) gives way to `text`. */
  replace(start: number, end: number, text: Buffer, kind: string): void {
    if (!this.#changed) {
      this.#changed = true;
      this.#outLength = 0;
    }
    this.#copy(this.bytes, this.#copied, start);
    this.#copy(text, 0, text.length);
    this.#copied = end;
    this.#count(kind);
  }

  #copy(from: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.#outLength + length > this.#out.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(4096, (this.#outLength + length) * 2));
      this.#out.copy(larger, 0, 0, this.#outLength);
      this.#out = larger;
    }
    from.copy(this.#out, this.#outLength, start, end);
    this.#outLength += length;
  }
}

/** What stands in the place of a text of a kind. */
export function redactedText(kind: string): Buffer {
  return Buffer.from(`[redacted:${kind}]`);
}
