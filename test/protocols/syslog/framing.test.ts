import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { FrameReader } from '../../../src/protocols/mod.ts';

interface Read {
  readonly frames: string[];
  readonly fault: string | null;
  readonly lost: number;
}

function read(chunks: readonly (string | Buffer)[], bytesMax = 100): Read {
  const frames: string[] = [];
  const reader = new FrameReader(bytesMax, (bytes, start, end, cut) => frames.push(`${bytes.toString('latin1', start, end)}${cut ? '…' : ''}`));
  for (const chunk of chunks) {
    const fault = reader.push(Buffer.from(chunk));
    if (fault !== null) return { frames, fault, lost: 0 };
  }
  return { frames, fault: null, lost: reader.end() };
}

/** The same bytes in all ways of two cuts. */
function cuts(text: string): string[][] {
  const all: string[][] = [];
  for (let a = 0; a <= text.length; a++) for (let b = a; b <= text.length; b++) all.push([text.slice(0, a), text.slice(a, b), text.slice(b)]);
  return all;
}

test.each<[string, string, string[]]>([
  ['lines', '<13>one\n<13>two\r\n\n<13>three', ['<13>one', '<13>two\r', '<13>three']],
  ['octet counting', '6 <1>one7 <1>t\nwo5 <1>x\n', ['<1>one', '<1>t\nwo', '<1>x\n']],
  ['octet counting with line ends between', '6 <1>one\n6 <1>two\n', ['<1>one', '<1>two']],
  ['lines that begin with digits', '12 monkeys\n2026-11-22 x\n', ['12 monkeys', '2026-11-22 x']],
  ['lines of digits', '1234567890123\n5\n', ['1234567890123', '5']],
  ['a length that begins with 0', '06 <1>one\n', ['06 <1>one']],
])('%s are found however they are cut', (_, text, frames) => {
  for (const chunks of cuts(text)) expect(read(chunks)).toEqual({ frames, fault: null, lost: 0 });
});

describe('frames that are too long', () => {
  it('are cut where lines are read, and the next line is whole again', () => {
    const text = `<1>${'a'.repeat(30)}\n<1>b\n<1>${'c'.repeat(30)}`;
    for (const chunks of cuts(text)) expect(read(chunks, 10).frames).toEqual(['<1>aaaaaaa…', '<1>b', '<1>ccccccc…']);
    expect(read([`<1>${'a'.repeat(7)}\n`], 10).frames).toEqual(['<1>aaaaaaa']);
  });

  it('end a connection with octet counting, before any memory is taken for them', () => {
    expect(read(['1000000000 <1>x'], 100)).toMatchObject({ frames: ['1000000000 <1>x'] });
    expect(read(['999999999 <1>x'], 100).fault).toContain('a frame of 999999999 bytes is over the limit of 100');
    expect(read(['6 <1>one', '101 <1>'], 100)).toMatchObject({ frames: ['<1>one'], fault: expect.stringContaining('over the limit') as string });
  });
});

test.each(['6 <1>onex', '6 <1>one-5 x', '6 <1>one0 x', '6 <1>one1234567890 x', '6 <1>one6x'])('%s breaks off', (text) => {
  expect(read([text])).toMatchObject({ frames: ['<1>one'], fault: expect.any(String) as string });
});

it('says what of a counted frame is lost when the connection ends', () => {
  expect(read(['10 <1>one'])).toEqual({ frames: [], fault: null, lost: 9 });
});

it('gives back what was framed, whatever the chunks', () => {
  const message = fc.string({ minLength: 1, maxLength: 30 }).map((text) => `<1>${text}`);
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 50 }), fc.boolean(), (messages, sizes, counted) => {
      const wanted = counted ? messages : messages.map((text) => text.replaceAll('\n', ' '));
      const text = wanted.map((one) => (counted ? `${one.length} ${one}` : `${one}\n`)).join('');
      const chunks: string[] = [];
      for (let at = 0, i = 0; at < text.length; i++) {
        const size = sizes[i % sizes.length]!;
        chunks.push(text.slice(at, at + size));
        at += size;
      }
      expect(read(chunks)).toEqual({ frames: wanted, fault: null, lost: 0 });
    }),
  );
});
