const lineEnd = 0x0a;
const lessThan = 0x3c;
const space = 0x20;
/** Digits of a length: enough for any that is allowed. */
const lengthDigitsMax = 9;
/** First memory for a frame that has not arrived whole, whatever length it claims. */
const pendingBytesFirst = 4096;

/** Takes a frame; valid during the call only. `cut` where it was longer than allowed, and the rest of it is passed over. */
export type FrameSink = (bytes: Buffer, start: number, end: number, cut: boolean) => void;

/**
 * Finds the messages in what a connection brings (RFC 6587). The first bytes decide for all of the connection: a length, a blank and `<` mean octet counting, anything else
 * lines. A frame that is longer than allowed is cut where lines are read; with octet counting it ends the connection, for a wrong length would swallow what follows.
 */
export class FrameReader {
  readonly #bytesMax: number;
  readonly #sink: FrameSink;
  #mode: 'unknown' | 'octets' | 'lines' = 'unknown';
  /** What has arrived of a frame. */
  #pending = Buffer.alloc(0);
  #pendingLength = 0;
  /** Whether the rest of a line that was too long is passed over. */
  #skipping = false;

  constructor(bytesMax: number, sink: FrameSink) {
    this.#bytesMax = bytesMax;
    this.#sink = sink;
  }

  /** Bytes that wait for the rest of their frame. */
  get pendingBytes(): number {
    return this.#pendingLength;
  }

  /** Reads what arrived. Gives what is wrong with it, or null; after a fault the connection is of no use. */
  push(chunk: Buffer): string | null {
    let bytes = chunk;
    if (this.#pendingLength > 0) {
      // Lines and counted frames go on where they stopped; only the part that is not there yet is looked at again.
      if (this.#mode === 'lines') return this.#continueLine(chunk);
      this.#append(chunk);
      bytes = this.#pending.subarray(0, this.#pendingLength);
    }
    if (this.#mode === 'unknown') {
      const mode = detect(bytes);
      if (mode === null) {
        if (bytes === chunk) this.#append(chunk);
        return null;
      }
      this.#mode = mode;
    }
    const isPending = bytes !== chunk;
    const read = this.#mode === 'octets' ? this.#octets(bytes) : this.#lines(bytes);
    if (typeof read === 'string') return read;
    this.#keep(bytes, read, isPending);
    return null;
  }

  /** The connection is over: a line without an end is one all the same; of a counted frame something is missing. Gives the bytes that are lost. */
  end(): number {
    const length = this.#pendingLength;
    this.#pendingLength = 0;
    if (length === 0) return 0;
    if (this.#mode === 'octets') return length;
    this.#sink(this.#pending, 0, length, false);
    return 0;
  }

  /** Counted frames; how much was read, or what is wrong. */
  #octets(bytes: Buffer): number | string {
    let at = 0;
    while (at < bytes.length) {
      // Some senders add a line end.
      if (bytes[at] === lineEnd) {
        at++;
        continue;
      }
      let length = 0;
      let next = at;
      for (; next < bytes.length && bytes[next]! >= 0x30 && bytes[next]! <= 0x39; next++) {
        if (next - at >= lengthDigitsMax) return 'the length of a frame has too many digits';
        length = length * 10 + bytes[next]! - 0x30;
      }
      if (next === bytes.length) return at;
      if (next === at || bytes[next] !== space || length === 0) return 'a frame must begin with its length and a blank (RFC 6587)';
      if (length > this.#bytesMax) return `a frame of ${length} bytes is over the limit of ${this.#bytesMax} (syslog.frame_bytes_max)`;
      const end = next + 1 + length;
      if (end > bytes.length) return at;
      this.#sink(bytes, next + 1, end, false);
      at = end;
    }
    return at;
  }

  /** Lines; how much was read. */
  #lines(bytes: Buffer): number {
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(lineEnd, at);
      if (end < 0) return this.#tooLong(bytes, at);
      this.#line(bytes, at, end);
      at = end + 1;
    }
  }

  #line(bytes: Buffer, start: number, end: number): void {
    if (this.#skipping) this.#skipping = false;
    else if (end - start > this.#bytesMax) this.#sink(bytes, start, start + this.#bytesMax, true);
    else if (end > start) this.#sink(bytes, start, end, false);
  }

  /** What is done with the beginning of a line: where it is too long already, it is cut here. How much was read. */
  #tooLong(bytes: Buffer, start: number): number {
    if (!this.#skipping && bytes.length - start <= this.#bytesMax) return start;
    if (!this.#skipping) this.#sink(bytes, start, start + this.#bytesMax, true);
    this.#skipping = true;
    return bytes.length;
  }

  /** Goes on with a line of which a part has arrived before. */
  #continueLine(chunk: Buffer): null {
    const end = chunk.indexOf(lineEnd);
    const room = this.#bytesMax + 1 - this.#pendingLength;
    this.#append(chunk.subarray(0, Math.min(end < 0 ? chunk.length : end, Math.max(0, room))));
    if (end < 0) {
      if (this.#pendingLength > this.#bytesMax) {
        this.#sink(this.#pending, 0, this.#bytesMax, true);
        this.#pendingLength = 0;
        this.#skipping = true;
      }
      return null;
    }
    const length = this.#pendingLength;
    this.#pendingLength = 0;
    this.#line(this.#pending, 0, length);
    const rest = chunk.subarray(end + 1);
    this.#keep(rest, this.#lines(rest), false);
    return null;
  }

  /** Keeps bytes[from …) for later. */
  #keep(bytes: Buffer, from: number, isPending: boolean): void {
    if (isPending) {
      this.#pending.copyWithin(0, from, this.#pendingLength);
      this.#pendingLength -= from;
    } else if (from < bytes.length) this.#append(bytes.subarray(from));
    if (this.#pendingLength === 0 && this.#pending.length > pendingBytesFirst) this.#pending = Buffer.alloc(0);
  }

  #append(bytes: Buffer): void {
    const length = this.#pendingLength + bytes.length;
    if (length > this.#pending.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(pendingBytesFirst, length, Math.min(this.#pending.length * 2, this.#bytesMax + 65_536)));
      this.#pending.copy(larger, 0, 0, this.#pendingLength);
      this.#pending = larger;
    }
    bytes.copy(this.#pending, this.#pendingLength);
    this.#pendingLength = length;
  }
}

/** How a connection that begins so is framed; null while that cannot be told. */
function detect(bytes: Buffer): 'octets' | 'lines' | null {
  let at = 0;
  while (at < bytes.length && at <= lengthDigitsMax && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
  if (at === bytes.length) return null;
  if (at === 0 || at > lengthDigitsMax || bytes[at] !== space || bytes[0] === 0x30) return 'lines';
  if (at + 1 === bytes.length) return null;
  return bytes[at + 1] === lessThan ? 'octets' : 'lines';
}
