import { parseCri } from './cri.ts';
import { parseDocker } from './docker.ts';
import { stdoutStream, type RecordFormat, type RecordParser, type RecordView } from './record.ts';

/** The parsers by format; a new format is one more row. Any line is a raw record, and its time is none of the parser's business. */
export const parsers: Readonly<Record<RecordFormat, RecordParser>> = { cri: parseCri, docker: parseDocker, raw: parseRaw };

/** The format that the record bytes[start … end) is written in, and the record in `out`; undefined where it is in none. */
export function detectFormat(bytes: Buffer, start: number, end: number, out: RecordView): 'cri' | 'docker' | undefined {
  if (parseCri(bytes, start, end, out)) return 'cri';
  return parseDocker(bytes, start, end, out) ? 'docker' : undefined;
}

function parseRaw(bytes: Buffer, start: number, end: number, out: RecordView): boolean {
  out.stream = stdoutStream;
  out.partial = false;
  out.bytes = bytes;
  out.start = start;
  out.end = end;
  return true;
}
