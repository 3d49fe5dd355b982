import { XxHash32 } from '../../bytes/mod.ts';
import { SpoorError } from '../../model/mod.ts';

const magic = 0x184d2204;
/** Frames that hold no data: 0x184d2a50 to 0x184d2a5f. */
const skippableMagic = 0x184d2a50;
/** A byte of a block makes at most this many. */
const expansionMax = 255;
/** Output between two yields. */
const sliceBytes = 262_144;
/** Up to so many bytes a loop is faster than a call. */
const loopBytesMax = 24;

/** The bytes that frames are expected to be: what they announce, or else what their blocks can hold at most. */
export function lz4BytesExpected(bytes: Buffer): number {
  if (bytes.length < 15 || bytes.readUInt32LE(0) !== magic) return bytes.length;
  const [flags, descriptor] = [bytes[4]!, bytes[5]!];
  const announces = (flags & 0x08) !== 0;
  if (announces) return Math.min(bytes.length * expansionMax, bytes.readUInt32LE(6) + bytes.readUInt32LE(10) * 2 ** 32);
  const blockMax = 2 ** (8 + 2 * ((descriptor >>> 4) & 7));
  let total = 0;
  for (let at = 7; at + 4 <= bytes.length; ) {
    const size = bytes.readUInt32LE(at);
    if (size === 0) break;
    total += size >= 2 ** 31 ? size - 2 ** 31 : Math.min(blockMax, size * expansionMax);
    at += 4 + (size % 2 ** 31) + ((flags & 0x10) === 0 ? 0 : 4);
  }
  return total;
}

/**
 * Decompresses lz4 frames (github.com/lz4/lz4, doc/lz4_Frame_format.md), one after another, in slices. More than `rawBytesMax` bytes, or a head that announces them, throw
 * `body_too_large`; damage, frames with a dictionary and wrong checksums throw `push_compression`.
 */
export function* decompressLz4Frames(bytes: Buffer, rawBytesMax: number): Generator<void, Buffer> {
  const frames = new Lz4Frames(bytes, rawBytesMax);
  return yield* frames.run();
}

class Lz4Frames {
  readonly #bytes: Buffer;
  readonly #rawBytesMax: number;
  #out: Buffer;
  #at = 0;
  #written = 0;
  #sliceEnd = sliceBytes;

  constructor(bytes: Buffer, rawBytesMax: number) {
    this.#bytes = bytes;
    this.#rawBytesMax = rawBytesMax;
    this.#out = Buffer.allocUnsafeSlow(Math.min(rawBytesMax, Math.max(4096, bytes.length * 3)));
  }

  *run(): Generator<void, Buffer> {
    if (this.#bytes.length === 0) throw damaged('unexpected EOF');
    while (this.#at < this.#bytes.length) {
      const found = this.#word();
      if (found === magic) yield* this.#frame();
      else if (found >= skippableMagic && found < skippableMagic + 16) this.#skip(this.#word());
      else throw damaged('bad magic number');
    }
    return this.#out.subarray(0, this.#written);
  }

  *#frame(): Generator<void, void> {
    const bytes = this.#bytes;
    const head = this.#at;
    const flags = this.#byte();
    const descriptor = this.#byte();
    if (flags >>> 6 !== 1 || (flags & 0x02) !== 0 || (descriptor & 0x8f) !== 0) throw damaged('unknown version or reserved bits');
    if ((flags & 0x01) !== 0) throw damaged('frames with a dictionary are not supported');
    const blockMax = 2 ** (8 + 2 * (descriptor >>> 4));
    if (descriptor >>> 4 < 4) throw damaged('unknown block size');
    let announced: number | undefined;
    if ((flags & 0x08) !== 0) {
      announced = this.#word() + this.#word() * 2 ** 32;
      if (announced > this.#rawBytesMax - this.#written) throw tooLarge(this.#rawBytesMax);
    }
    const headSum = (new XxHash32().update(bytes, head, this.#at).digest() >>> 8) & 0xff;
    if (this.#byte() !== headSum) throw damaged('wrong checksum of a frame header');
    const frameStart = this.#written;
    const isLinked = (flags & 0x20) === 0;
    const sum = (flags & 0x04) === 0 ? null : new XxHash32();
    for (;;) {
      const size = this.#word();
      if (size === 0) break;
      const length = size % 2 ** 31;
      if (length > blockMax) throw damaged('a block is larger than its frame allows');
      const start = this.#at;
      this.#skip(length);
      if ((flags & 0x10) !== 0 && this.#word() !== new XxHash32().update(bytes, start, start + length).digest()) throw damaged('wrong checksum of a block');
      const from = this.#written;
      if (size >= 2 ** 31) {
        this.#room(length);
        bytes.copy(this.#out, from, start, start + length);
        this.#written += length;
      } else this.#block(start, start + length, isLinked ? frameStart : from, from + blockMax);
      sum?.update(this.#out, from, this.#written);
      if (this.#written >= this.#sliceEnd) {
        yield;
        this.#sliceEnd = this.#written + sliceBytes;
      }
    }
    if (sum !== null && this.#word() !== sum.digest()) throw damaged('wrong checksum of the content');
    if (announced !== undefined && announced !== this.#written - frameStart) throw damaged('wrong length of the content');
  }

  /** One block; its copies may reach back to `first`, and it may end at `outEnd` at the latest. */
  #block(from: number, to: number, first: number, outEnd: number): void {
    const bytes = this.#bytes;
    let at = from;
    for (;;) {
      if (at >= to) throw damaged('a block is cut');
      const token = bytes[at++]!;
      let literals = token >>> 4;
      if (literals === 15) {
        let more: number;
        do {
          if (at >= to) throw damaged('a block is cut');
          more = bytes[at++]!;
          literals += more;
        } while (more === 255);
      }
      if (literals > to - at || literals > outEnd - this.#written) throw damaged('a literal is too long');
      this.#room(literals);
      let out = this.#out;
      let written = this.#written;
      if (literals <= loopBytesMax) for (let i = 0; i < literals; i++) out[written + i] = bytes[at + i]!;
      else bytes.copy(out, written, at, at + literals);
      at += literals;
      written += literals;
      this.#written = written;
      if (at === to) return;
      if (to - at < 2) throw damaged('a block is cut');
      const offset = bytes[at]! | (bytes[at + 1]! << 8);
      at += 2;
      let length = (token & 15) + 4;
      if (length === 19) {
        let more: number;
        do {
          if (at >= to) throw damaged('a block is cut');
          more = bytes[at++]!;
          length += more;
        } while (more === 255);
      }
      if (offset === 0 || offset > written - first || length > outEnd - written) throw damaged('a copy reaches too far');
      this.#room(length);
      out = this.#out;
      const source = written - offset;
      // What is copied may reach into what is written.
      if (length <= loopBytesMax || offset < length) for (let i = 0; i < length; i++) out[written + i] = out[source + i]!;
      else out.copyWithin(written, source, source + length);
      this.#written = written + length;
    }
  }

  /** Room for so many bytes more of output. */
  #room(count: number): void {
    const needed = this.#written + count;
    if (needed <= this.#out.length) return;
    if (needed > this.#rawBytesMax) throw tooLarge(this.#rawBytesMax);
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#rawBytesMax, Math.max(needed, this.#out.length * 2)));
    this.#out.copy(larger, 0, 0, this.#written);
    this.#out = larger;
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw damaged('unexpected EOF');
    return this.#bytes[this.#at++]!;
  }

  #word(): number {
    if (this.#bytes.length - this.#at < 4) throw damaged('unexpected EOF');
    const word = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    return word;
  }

  #skip(count: number): void {
    if (count > this.#bytes.length - this.#at) throw damaged('unexpected EOF');
    this.#at += count;
  }
}

function damaged(reason: string): SpoorError {
  return new SpoorError('push_compression', { encoding: 'lz4', reason });
}

function tooLarge(limit: number): SpoorError {
  return new SpoorError('body_too_large', { limit, name: 'push.raw_bytes_max' });
}
