import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeMetadata } from '../../../src/bytes/mod.ts';
import { labelSet } from '../../../src/model/mod.ts';
import { FieldNames } from '../../../agent/fields/names.ts';
import { FieldTable } from '../../../agent/fields/table.ts';
import { newLine, type LineSink, type LineView } from '../../../agent/join/line.ts';
import type { StreamIndex } from '../../../agent/parse/record.ts';

/** What a test says of a line; the rest is filled in. */
export interface LineText {
  readonly text?: string | Buffer;
  readonly stream?: StreamIndex;
  readonly seconds?: number;
  readonly nanos?: number;
  readonly level?: string | null;
  readonly trace?: string | null;
  readonly labels?: Readonly<Record<string, string>>;
  readonly fields?: Readonly<Record<string, string>>;
  readonly file?: number;
  readonly offset?: number;
  readonly metadata?: Uint8Array | null;
}

/** A line as the stages before it leave it. It stands in the middle of a larger buffer, as in a block. */
export function line(given: LineText): LineView {
  const text = Buffer.isBuffer(given.text) ? given.text : Buffer.from(given.text ?? '');
  const bytes = Buffer.concat([Buffer.from('before '), text, Buffer.from(' after')]);
  return {
    ...newLine(), bytes, start: 7, end: 7 + text.length, stream: given.stream ?? 0, seconds: given.seconds ?? 1_800_000_000, nanos: given.nanos ?? 0, level: given.level ?? null,
    trace: given.trace ?? null, labels: { labels: labelSet(Object.entries(given.labels ?? {})) }, fields: given.fields === undefined ? null : table(given.fields), file: given.file ?? 1,
    offset: given.offset ?? 0, metadata: given.metadata ?? null,
  };
}

function table(fields: Readonly<Record<string, string>>): FieldTable {
  const names = new FieldNames();
  const bytes = Buffer.from(Object.values(fields).join(''));
  const result = new FieldTable({
    names,
    parse: (out) => {
      let at = 0;
      for (const [name, value] of Object.entries(fields)) {
        const length = Buffer.byteLength(value);
        const node = names.nodeOf(name);
        if (node !== undefined) out.set(node, at, at + length, 0);
        at += length;
      }
      return true;
    },
  });
  result.read(bytes, 0, bytes.length);
  return result;
}

/** A line as it was handed on. */
export interface TakenLine {
  readonly text: string;
  readonly stream: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly level: string | null;
  readonly file: number;
  readonly offset: number;
}

/** A sink that copies lines. */
export function collector(): { readonly lines: TakenLine[]; readonly sink: LineSink } {
  const lines: TakenLine[] = [];
  return { lines, sink: (view) => lines.push(copyOf(view)) };
}

export function copyOf(view: LineView): TakenLine {
  return {
    text: view.bytes.toString('utf8', view.start, view.end), stream: view.stream, seconds: view.seconds, nanos: view.nanos,
    labels: Object.fromEntries(view.labels.labels.map((label) => [label.name, label.value])),
    metadata: view.metadata === null ? {} : Object.fromEntries(decodeMetadata(view.metadata, 0, view.metadata.length).map((pair) => [pair.name, pair.value])),
    level: view.level, file: view.file, offset: view.offset,
  };
}

/** A directory that goes away with the test. */
export function temporaryDir(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'spoor-shape-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
