import { compileRegex } from '../regex/mod.ts';
import type { CompiledStage } from './stage.ts';

/** Escape sequences of terminals (the pattern of github.com/acarl005/stripansi, which Loki uses). */
const ansi =
  '[\u001b\u009b][[\\]()#;?]*(?:(?:(?:[a-zA-Z\\d]*(?:;[a-zA-Z\\d]*)*)?\u0007)|(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PRZcf-ntqry=><~]))';

/** Compiles `| decolorize`: takes terminal colours and their like out of the line. */
export function compileDecolorize(): CompiledStage {
  const regex = compileRegex(ansi);
  return {
    usesLine: true,
    usesLabels: false,
    process: (row) => {
      const { bytes, start, end } = row;
      if (!mayHold(bytes, start, end)) return true;
      const parts: Buffer[] = [];
      let at = start;
      while (at < end) {
        const place = regex.find(bytes, start, end, at);
        if (place === null) break;
        parts.push(bytes.subarray(at, place[0]));
        at = place[1]!;
      }
      if (at === start) return true;
      parts.push(bytes.subarray(at, end));
      row.replaceLine(Buffer.concat(parts));
      return true;
    },
  };
}

/** Whether a sequence can begin in the line: ESC, or the second byte of U+009B. */
function mayHold(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === 0x1b || bytes[i] === 0x9b) return true;
  return false;
}
