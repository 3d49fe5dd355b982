import { appendFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listMembers } from '../../../agent/discover/members.ts';
import type { LineView } from '../../../agent/join/line.ts';
import { LogChain, type ChainEvents, type KnownFile } from '../../../agent/tail/chain.ts';
import { BlockReader } from '../../../agent/tail/read.ts';
import { decodeMetadata } from '../../../src/bytes/mod.ts';
import { cri, temporaryDir } from '../harness.ts';

const events: ChainEvents = {
  opened: () => undefined, gone: () => undefined, truncated: () => undefined,
  failed: (path, error) => {
    throw new Error(path, { cause: error });
  },
};

/** A chain over a directory, with what it knew before. */
function openChain(directory: string, known: readonly KnownFile[], lineBytesMax: number): LogChain {
  const chain = new LogChain({ namespace: 'n', pod: 'p', uid: 'u' }, 'c', 'n_p_u/c/0.log', lineBytesMax, known, events);
  chain.reconcile(listMembers(directory).get(0) ?? [], false);
  return chain;
}

/** Reads everything that is there, file by file, as the tailer does, without waiting for anything. */
function readAll(chain: LogChain, reader: BlockReader, lines: string[], afterBlock: () => void = () => undefined): void {
  const sink = (line: LineView): void => {
    const metadata = line.metadata === null ? [] : decodeMetadata(line.metadata, 0, line.metadata.length).map(({ name, value }) => `${name}=${value}`);
    lines.push([line.stream, line.seconds, line.nanos, line.bytes.toString('utf8', line.start, line.end), ...metadata].join('|'));
  };
  for (let file = chain.current(); file !== undefined; file = chain.current()) {
    if (file.resumedTime !== null && file.readOffset === Math.min(...file.skip)) chain.lastTime = { ...file.resumedTime };
    const outcome = reader.read(chain, file, sink);
    afterBlock();
    if (outcome !== 'end') continue;
    if (chain.successors(file) === 0) return;
    reader.finish(chain, file, sink);
    file.finished = true;
    file.close();
  }
}

/** What a checkpoint would hold of the chain now. */
function known(chain: LogChain): KnownFile[] {
  return chain.files.map((file) => {
    const { path, device, inode, gzip, fingerprint, size } = file;
    return { path, device, inode, gzip, fingerprint, size, position: chain.positionOf(file) };
  });
}

const message = fc.oneof(fc.string({ maxLength: 30 }), fc.integer({ min: 0, max: 1000 }).map((n) => 'long '.repeat(n)), fc.string({ unit: 'grapheme', maxLength: 20 }))
  .map((text) => text.replaceAll('\n', ' '));
const record = fc.tuple(fc.constantFrom('cri', 'cri', 'cri', 'cri', 'garbage'), message, fc.constantFrom('stdout', 'stderr'), fc.constantFrom('F', 'F', 'P'));
const content = fc.array(record, { maxLength: 60 }).map((records) => Buffer.from(
  records.map(([kind, text, stream, tag], i) => (kind === 'garbage' ? `${text.replaceAll('{', '')}\n` : cri(i + 1, text, stream, tag))).join(''),
));

describe('reading a chain', () => {
  it('gives the same lines however the bytes arrive and whatever the block size', () => {
    fc.assert(fc.property(content, fc.array(fc.nat(300), { maxLength: 40 }), fc.integer({ min: 600, max: 9000 }), (bytes, cuts, blockBytes) => {
      using whole = temporaryDir();
      writeFileSync(join(whole.path, '0.log'), Buffer.concat([Buffer.from(cri(0, 'start')), bytes]));
      const expected: string[] = [];
      const reference = openChain(whole.path, [], 500);
      readAll(reference, new BlockReader(1 << 20), expected);
      reference.close();

      using dir = temporaryDir();
      const path = join(dir.path, '0.log');
      writeFileSync(path, cri(0, 'start'));
      const chain = openChain(dir.path, [], 500);
      const reader = new BlockReader(blockBytes);
      const lines: string[] = [];
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        appendFileSync(path, bytes.subarray(at, at + cut));
        at = Math.min(bytes.length, at + cut);
        readAll(chain, reader, lines);
      }
      chain.close();
      expect(lines).toEqual(expected);
    }), { numRuns: 150 });
  });

  it('goes on from any position, in any file, with neither a line less nor a line more', () => {
    fc.assert(fc.property(content, fc.array(fc.tuple(fc.nat(400), fc.constantFrom('append', 'rotate', 'restart', 'restart')), { maxLength: 20 }), (bytes, steps) => {
      using whole = temporaryDir();
      writeFileSync(join(whole.path, '0.log'), Buffer.concat([Buffer.from(cri(0, 'start')), bytes]));
      const expected: string[] = [];
      const reference = openChain(whole.path, [], 500);
      readAll(reference, new BlockReader(1 << 20), expected);
      reference.close();

      using dir = temporaryDir();
      const path = join(dir.path, '0.log');
      writeFileSync(path, cri(0, 'start'));
      let chain = openChain(dir.path, [], 500);
      const lines: string[] = [];
      let at = 0;
      let rotations = 0;
      for (const [length, step] of [...steps, [bytes.length, 'append'] as const]) {
        // Whole records, because a runtime rotates between them.
        const end = step === 'rotate' ? bytes.indexOf(0x0a, Math.min(bytes.length, at + length)) + 1 || bytes.length : at + length;
        appendFileSync(path, bytes.subarray(at, end));
        at = Math.min(bytes.length, end);
        if (step === 'rotate') {
          renameSync(path, `${path}.20261120-${String(++rotations).padStart(6, '0')}`);
          writeFileSync(path, '');
        }
        if (step === 'restart') {
          const state = known(chain);
          chain.close();
          chain = openChain(dir.path, state, 500);
        } else {
          chain.reconcile(listMembers(dir.path).get(0) ?? [], false);
        }
        readAll(chain, new BlockReader(1000), lines);
      }
      chain.close();
      expect(lines).toEqual(expected);
    }), { numRuns: 150 });
  });

  it('reads again from a position in the middle exactly the lines that a delivery did not confirm', () => {
    fc.assert(fc.property(content, (bytes) => {
      using dir = temporaryDir();
      writeFileSync(join(dir.path, '0.log'), Buffer.concat([Buffer.from(cri(0, 'start')), bytes]));
      const chain = openChain(dir.path, [], 500);
      const lines: string[] = [];
      const states: { readonly known: KnownFile[]; readonly lines: number }[] = [];
      readAll(chain, new BlockReader(700), lines, () => states.push({ known: known(chain), lines: lines.length }));
      chain.close();
      for (const state of states) {
        const again: string[] = [];
        const resumed = openChain(dir.path, state.known, 500);
        readAll(resumed, new BlockReader(4000), again);
        resumed.close();
        expect(again).toEqual(lines.slice(state.lines));
      }
    }), { numRuns: 60 });
  });

  it('takes a last record without a newline when the file is rotated away', () => {
    using dir = temporaryDir();
    const path = join(dir.path, '0.log');
    writeFileSync(`${path}.20261120-000001`, cri(1, 'torn').slice(0, -1));
    writeFileSync(path, cri(2, 'next'));
    const lines: string[] = [];
    const chain = openChain(dir.path, [], 500);
    readAll(chain, new BlockReader(4096), lines);
    chain.close();
    expect(lines.map((line) => line.split('|')[3])).toEqual(['torn', 'next']);
    expect(statSync(path).size).toBe(chain.files[1]?.readOffset);
  });
});
