import { Buffer } from 'node:buffer';
import { lineStart, podName, type Written } from './writer.ts';

/** What the server has of what was written. */
export interface Stored {
  readonly written: number;
  /** Different lines. */
  readonly stored: number;
  /** Lines that are there more than once. */
  readonly doubles: number;
  readonly missing: number;
  /** Missing lines that do not lie in a file that rotation deleted. */
  readonly missingElsewhere: number;
  /** The first of these. */
  readonly examples: readonly string[];
  /** Missing lines of each container. */
  readonly missingOf: readonly number[];
}

const numberBytes = 12;

/** Reads every line of every container back from the server, by one export each, and counts them by their numbers. */
export async function verify(url: string, written: Written, startNs: bigint, endNs: bigint): Promise<Stored> {
  let [total, stored, doubles, missing, missingElsewhere] = [0, 0, 0, 0, 0];
  const examples: string[] = [];
  const missingOf: number[] = [];
  for (const [container, lines] of written.lines.entries()) {
    const seen = await readBack(url, container, lines, startNs, endNs);
    const deleted = written.deleted.filter((member) => member.container === container);
    let missingHere = 0;
    for (let n = 0; n < lines; n++) {
      const times = seen[n] as number;
      if (times > 0) stored++;
      if (times > 1) doubles++;
      if (times > 0) continue;
      missingHere++;
      if (deleted.some(({ first, end }) => n >= first && n < end)) continue;
      missingElsewhere++;
      if (examples.length < 20) examples.push(`${lineStart(container)}${n}`);
    }
    total += lines;
    missing += missingHere;
    missingOf.push(missingHere);
  }
  return { written: total, stored, doubles, missing, missingElsewhere, examples, missingOf };
}

/** How often each line of a container is there. */
async function readBack(url: string, container: number, lines: number, startNs: bigint, endNs: bigint): Promise<Uint8Array> {
  const parameters = new URLSearchParams({ query: `{pod="${podName(container)}"}`, limit: '0', start: String(startNs), end: String(endNs), direction: 'FORWARD' });
  const response = await fetch(`${url}/loki/api/v1/query_range?${parameters.toString()}`, { headers: { Accept: 'application/x-ndjson' } });
  if (response.status !== 200 || response.body === null) throw new Error(`export: ${response.status} ${await response.text()}`);
  const seen = new Uint8Array(lines);
  const start = Buffer.from(lineStart(container));
  let rest = Buffer.alloc(0);
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const bytes = rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : Buffer.concat([rest, chunk]);
    let at = bytes.indexOf(start);
    let done = 0;
    while (at >= 0 && at + start.length + numberBytes <= bytes.length) {
      const n = Number(bytes.toString('latin1', at + start.length, at + start.length + numberBytes));
      if (!(n < lines)) throw new Error(`a line that nobody wrote: ${bytes.toString('latin1', at, at + 40)}`);
      if ((seen[n] as number) < 255) seen[n] = (seen[n] as number) + 1;
      done = at + start.length + numberBytes;
      at = bytes.indexOf(start, done);
    }
    // A line may begin at the end of a chunk.
    rest = Buffer.from(bytes.subarray(Math.max(done, at >= 0 ? at : bytes.length - start.length - numberBytes)));
  }
  if (rest.toString('latin1').includes('"error"')) throw new Error(`the export broke off: ${rest.toString('latin1')}`);
  return seen;
}
