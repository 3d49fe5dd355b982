import { stderrStream, stdoutStream, type RecordView } from './record.ts';
import { parseTime } from './time.ts';

/**
 * Reads a record of the CRI log format (kubernetes/kubelet, `<RFC 3339 time> <stdout|stderr> <tags> <message>`): tags are separated by colons and the
 * first is P (the line goes on) or F (it ends here). The message may be empty, and then the last space may be missing.
 */
export function parseCri(bytes: Buffer, start: number, end: number, out: RecordView): boolean {
  let at = start + 20;
  const timeEndMax = Math.min(end, start + 64);
  while (at < timeEndMax && bytes[at] !== space) at++;
  if (at >= timeEndMax || !parseTime(bytes, start, at, out)) return false;
  // "stdout" and "stderr": six bytes that begin with "std".
  if (at + 9 > end || bytes[at + 7] !== space) return false;
  if (bytes[at + 1] !== 0x73 || bytes[at + 2] !== 0x74 || bytes[at + 3] !== 0x64) return false;
  if (bytes[at + 4] === 0x6f && bytes[at + 5] === 0x75 && bytes[at + 6] === 0x74) out.stream = stdoutStream;
  else if (bytes[at + 4] === 0x65 && bytes[at + 5] === 0x72 && bytes[at + 6] === 0x72) out.stream = stderrStream;
  else return false;
  const tag = bytes[at + 8];
  if (tag !== full && tag !== partial) return false;
  let message = at + 9;
  if (message < end && bytes[message] === colon) while (message < end && bytes[message] !== space) message++;
  if (message < end && bytes[message] !== space) return false;
  out.partial = tag === partial;
  out.bytes = bytes;
  out.start = Math.min(message + 1, end);
  out.end = end;
  return true;
}

const space = 0x20;
const colon = 0x3a;
const full = 0x46;
const partial = 0x50;
