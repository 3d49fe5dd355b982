import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { multilineDefaults, type MultilineOptions } from '../../../agent/config/multiline.ts';
import { listMembers } from '../../../agent/discover/members.ts';
import type { LineSink } from '../../../agent/join/line.ts';
import { multilineStage } from '../../../agent/join/multiline.ts';
import type { Stage } from '../../../agent/pipeline/stage.ts';
import { LogChain, type KnownFile } from '../../../agent/tail/chain.ts';
import { BlockReader } from '../../../agent/tail/read.ts';
import { temporaryDir } from '../harness.ts';
import { ordinary, traces } from './corpora.ts';

const events = { opened: () => undefined, gone: () => undefined, truncated: () => undefined, failed: () => undefined };

/** A chain over a directory with the stage behind it, as an agent has it. */
class Run {
  readonly chain: LogChain;
  readonly stage: Stage;
  readonly #reader = new BlockReader(700);
  readonly #dir: string;
  readonly #sink: LineSink;

  constructor(dir: string, known: readonly KnownFile[], entries: string[], options: Partial<MultilineOptions>) {
    this.stage = multilineStage({ ...multilineDefaults, ...options });
    this.#dir = dir;
    this.#sink = (line) => entries.push(`${line.stream} ${line.seconds} ${line.nanos} ${line.bytes.toString('utf8', line.start, line.end)}`);
    this.chain = new LogChain({ namespace: 'n', pod: 'p', uid: 'u' }, 'c', 'n_p_u/c/0.log', 2000, known, events);
    this.chain.held = { heldFrom: (file, stream) => this.stage.heldFrom?.(file, stream) ?? null };
  }

  /** Reads what is there; gives up after `blocks` blocks. */
  read(blocks: number): void {
    this.chain.reconcile(listMembers(this.#dir).get(0) ?? [], false);
    const take: LineSink = (line) => this.stage.take(line, this.#sink);
    for (let left = blocks, file = this.chain.current(); file !== undefined && left > 0; file = this.chain.current(), left--) {
      if (this.#reader.read(this.chain, file, take) !== 'end') continue;
      if (this.chain.successors(file) === 0) return;
      this.#reader.finish(this.chain, file, take);
      file.finished = true;
      file.close();
    }
  }

  flush(): void {
    this.stage.flush?.(this.#sink);
  }

  get known(): KnownFile[] {
    return this.chain.files.map((file) => {
      const { path, device, inode, gzip, fingerprint, size } = file;
      return { path, device, inode, gzip, fingerprint, size, position: this.chain.positionOf(file) };
    });
  }
}

const piece = fc.constantFrom(...Object.values(traces), ...Object.values(ordinary).map((lines) => lines.join('\n')));
const block = fc.tuple(piece, fc.constantFrom('stdout', 'stderr'), fc.constantFrom(0, 0, 1, 3000));

describe('entries of several lines', () => {
  it.each<[string, Partial<MultilineOptions>]>([
    ['found by themselves', {}], ['cut at few lines', { maxLines: 3 }], ['cut at few bytes', { maxBytes: 100 }], ['found by a pattern', { mode: 'pattern', start: '^[A-Za-z0-9]' }], ['by a pattern, cut', { mode: 'pattern', start: '^[a-f]', maxLines: 4 }],
  ])('are the same entries however often reading stops and begins again, in any file of the log: %s', (_, options) => {
    fc.assert(fc.property(fc.array(block, { minLength: 1, maxLength: 12 }), fc.array(fc.tuple(fc.nat(20), fc.constantFrom('read', 'restart', 'rotate', 'crash')), { maxLength: 25 }), (blocks, steps) => {
      let ms = 0;
      const records = blocks.flatMap(([text, stream, gap]) => text.split('\n').map((line, i) => {
        ms += i === 0 ? gap : 1;
        return `${new Date(Date.UTC(2026, 10, 20) + ms).toISOString().replace('Z', '000000Z')} ${stream} F ${line}\n`;
      }));
      using whole = temporaryDir();
      writeFileSync(join(whole.path, '0.log'), records.join(''));
      const expected: string[] = [];
      const reference = new Run(whole.path, [], expected, options);
      reference.read(1e9);
      reference.flush();
      reference.chain.close();

      using dir = temporaryDir();
      const path = join(dir.path, '0.log');
      writeFileSync(path, records[0] ?? '');
      let at = 1;
      let rotations = 0;
      const entries: string[] = [];
      let run = new Run(dir.path, [], entries, options);
      /** What a checkpoint was written with last. */
      let saved: KnownFile[] = [];
      for (const [count, step] of steps) {
        appendFileSync(path, records.slice(at, at + count).join(''));
        at = Math.min(records.length, at + count);
        if (step === 'rotate') {
          renameSync(path, `${path}.20261120-${String(++rotations).padStart(6, '0')}`);
          writeFileSync(path, '');
        }
        run.read(count + 1);
        if (step === 'read') saved = run.known;
        if (step !== 'restart' && step !== 'crash') continue;
        const known = step === 'restart' ? run.known : saved;
        run.chain.close();
        run = new Run(dir.path, known, entries, options);
      }
      appendFileSync(path, records.slice(at).join(''));
      run.read(1e9);
      run.flush();
      run.chain.close();
      // Lines that are read again are the same entries: nothing is missing, and nothing is there that was not before.
      expect(new Set(entries)).toEqual(new Set(expected));
    }), { numRuns: 100 });
  });
});
