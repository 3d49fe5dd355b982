import { Batch, type StreamLabels } from '../../../agent/buffer/batch.ts';
import { newLine } from '../../../agent/join/line.ts';
import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { labelSet } from '../../../src/model/mod.ts';

/** A line as tests write it. */
export interface TestLine {
  readonly line: string | Buffer;
  readonly seconds?: number;
  readonly nanos?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly stream?: StreamLabels;
}

/** What the lines of a stream are sent with. */
export function stream(labels: Readonly<Record<string, string>>, tenant?: string): StreamLabels {
  return { labels: labelSet(Object.entries(labels)), ...(tenant === undefined ? {} : { tenant }) };
}

export const webStream = stream({ app: 'web', namespace: 'shop' });

/** Appends lines, each a second after the one before. */
export function fill(batch: Batch, lines: readonly (TestLine | string)[]): Batch {
  for (const [i, given] of lines.entries()) {
    const { line, seconds = 1000 + i, nanos = i, metadata, stream: labels = webStream } = typeof given === 'string' ? { line: given } as TestLine : given;
    // In the middle of a larger buffer, as in a block of a file.
    const bytes = Buffer.concat([Buffer.from('<'), Buffer.from(line as string), Buffer.from('>')]);
    const view = newLine();
    Object.assign(view, { seconds, nanos, bytes, start: 1, end: bytes.length - 1, labels });
    view.metadata = metadata === undefined ? null : encodeMetadata(Object.entries(metadata).map(([name, value]) => ({ name, value })));
    batch.append(labels, view);
  }
  return batch;
}

export function batchOf(lines: readonly (TestLine | string)[]): Batch {
  return fill(new Batch(16), lines);
}

/** The lines of a batch. */
export function linesOf(batch: Batch, rows = batch.rows): string[] {
  return Array.from({ length: rows }, (_, row) => batch.lines.toString('utf8', batch.lineStart[row], batch.lineStart[row + 1]));
}

/** Everything in a batch, row by row. */
export function contentOf(batch: Batch): unknown[] {
  return Array.from({ length: batch.rows }, (_, row) => ({
    seconds: batch.seconds[row], nanos: batch.nanos[row], line: batch.lines.toString('latin1', batch.lineStart[row], batch.lineStart[row + 1]),
    metadata: batch.metadata.toString('hex', batch.metadataStart[row], batch.metadataStart[row + 1]),
    labels: batch.streams[batch.stream[row] as number]?.labels, tenant: batch.streams[batch.stream[row] as number]?.tenant,
  }));
}
