import { parseCri } from './cri.ts';
import { parseDocker } from './docker.ts';
import type { RecordFormat, RecordParser, RecordView } from './record.ts';

/** The parsers by format; a new format is one more row. */
export const parsers: Readonly<Record<RecordFormat, RecordParser>> = { cri: parseCri, docker: parseDocker };

/** The format that the record bytes[start … end) is written in, and the record in `out`; undefined where it is in none. */
export function detectFormat(bytes: Buffer, start: number, end: number, out: RecordView): RecordFormat | undefined {
  if (parseCri(bytes, start, end, out)) return 'cri';
  return parseDocker(bytes, start, end, out) ? 'docker' : undefined;
}
