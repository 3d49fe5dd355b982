import { Cuts } from '../../../src/chunks/shred/cuts.ts';

/** What a cutter makes of a line: text with each hole as ⟨kind:inside⟩; undefined where it refuses. The line stands between other bytes. */
export function cutWith(cutter: (bytes: Buffer, start: number, end: number, cuts: Cuts) => boolean | void, line: string | Uint8Array): string | undefined {
  const inside = typeof line === 'string' ? Buffer.from(line) : line;
  const bytes = Buffer.concat([Buffer.from('a"b{='), inside, Buffer.from('"}]= x')]);
  const cuts = new Cuts();
  return cutter(bytes, 5, 5 + inside.length, cuts) === false ? undefined : printCuts(bytes, 5, 5 + inside.length, cuts);
}

/** bytes[start … end) with the holes marked. Throws where they do not rise or overlap. */
export function printCuts(bytes: Buffer, start: number, end: number, cuts: Cuts): string {
  let text = '';
  let at = start;
  for (let i = 0; i < cuts.count; i++) {
    if (cuts.start[i]! < at || cuts.end[i]! < cuts.start[i]!) throw new RangeError(`hole ${i} at ${cuts.start[i]}`);
    text += `${bytes.toString('latin1', at, cuts.start[i])}⟨${cuts.holes[i]}:${bytes.toString('latin1', cuts.start[i], cuts.end[i])}⟩`;
    at = cuts.end[i]!;
  }
  if (at > end) throw new RangeError(`the last hole ends at ${at}, the line at ${end}`);
  return text + bytes.toString('latin1', at, end);
}
