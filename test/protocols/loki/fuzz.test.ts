import { gzipSync } from 'node:zlib';
import { compressSync } from 'snappy';
import { expect, test } from 'vitest';
import { isSpoorError } from '../../../src/model/mod.ts';
import { decodeLokiPush } from '../../../src/protocols/mod.ts';
import { jsonOf, protobufOf, type PlainStream } from './wire.ts';

/** A small generator of the same numbers every time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const push: PlainStream[] = [
  { labels: [['app', 'a'], ['env', 'é"\\']], entries: [{ timeNs: 1_795_358_212_001_000_000n, line: Buffer.from('level=error "quoted" \\ \u{1F680}\n'), metadata: [['trace_id', 'abc'], ['é', 'x']] }] },
  { labels: [['app', 'b']], entries: Array.from({ length: 5 }, (_, i) => ({ timeNs: BigInt(i), line: Buffer.from(`{"level":"warn","n":${i}}`), metadata: [] })) },
];

function mutated(body: Buffer, next: (below: number) => number): Buffer {
  const copy = Buffer.from(body);
  const kind = next(5);
  if (kind === 0) return copy.subarray(0, next(copy.length + 1));
  for (let flips = 1 + next(4); flips > 0 && copy.length > 0; flips--) {
    const at = next(copy.length);
    if (kind === 1) copy[at]! ^= 1 << next(8);
    else if (kind === 2) copy[at] = next(256);
    else if (kind === 3) copy.copyWithin(at, next(copy.length), next(copy.length));
    else copy[at] = Buffer.from('{}[]",:\\0123456789nutf-')[next(23)]!;
  }
  return copy;
}

const kinds: [string, Buffer, (body: Buffer) => Buffer, string, string | undefined][] = [
  ['snappy', compressSync(protobufOf(push)), (body) => body, 'application/x-protobuf', undefined],
  ['protobuf', protobufOf(push), (body) => compressSync(body), 'application/x-protobuf', undefined],
  ['JSON', jsonOf(push), (body) => body, 'application/json', undefined],
  ['gzip', gzipSync(jsonOf(push)), (body) => body, 'application/json', 'gzip'],
];

test.each(kinds)('damaged %s gives coded errors only', async (_, body, wrap, contentType, contentEncoding) => {
  const next = random(42);
  let refused = 0;
  for (let i = 0; i < 7000; i++) {
    const damaged = i % 50 === 0 ? Buffer.from(Array.from({ length: next(60) }, () => next(256))) : mutated(body, next);
    try {
      const raw = await decodeLokiPush({ body: wrap(damaged), contentType, contentEncoding });
      for (let row = 0; row < raw.rows; row++) expect(raw.lineStart[row]! + raw.lineLength[row]!).toBeLessThanOrEqual(raw.bytes.length);
      for (let at = 0; at < raw.pairs.length; at += 2) expect(raw.pairs[at]! + raw.pairs[at + 1]!).toBeLessThanOrEqual(raw.bytes.length);
    } catch (error) {
      if (!isSpoorError(error) || error.status < 400 || error.status > 499) throw error;
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(1000);
});
