import { bareEnd } from './cut-logfmt.ts';
import { arrayEnd, stringEnd, tokenEnd } from './cut-json.ts';
import { wordEnd } from './cut-text.ts';
import type { Cuts } from './cuts.ts';
import type { HoleKind, Template } from './template.ts';

/** Whether the line has the template's text (`pieces`), with holes filled as they may be; `cuts` has them then. `view`: the same bytes. */
export function matchTemplate({ holes, kind }: Template, pieces: readonly DataView[], bytes: Buffer, view: DataView, start: number, end: number, cuts: Cuts): boolean {
  cuts.begin(kind);
  let at = start;
  for (let i = 0; i < holes.length; i++) {
    at = behind(pieces[i]!, view, at, end);
    if (at < 0) return false;
    const hole = holes[i]!;
    const close = holeEnd(hole, bytes, at, end);
    if (close < 0) return false;
    cuts.add(hole, at, close);
    at = close;
  }
  return behind(pieces[holes.length]!, view, at, end) === end;
}

/** The index behind `piece`, which must stand at `at`; -1 where it does not. */
function behind(piece: DataView, view: DataView, at: number, end: number): number {
  const length = piece.byteLength;
  if (at + length > end) return -1;
  let i = 0;
  for (const last = length - 3; i < last; i += 4) if (piece.getInt32(i, true) !== view.getInt32(at + i, true)) return -1;
  for (; i < length; i++) if (piece.getUint8(i) !== view.getUint8(at + i)) return -1;
  return at + length;
}

function holeEnd(hole: HoleKind, bytes: Buffer, at: number, end: number): number {
  switch (hole) {
    case 'string':
      return stringEnd(bytes, at, end);
    case 'token':
      return tokenEnd(bytes, at, end);
    case 'array':
      return arrayEnd(bytes, at - 1, end);
    case 'bare':
      return bareEnd(bytes, at, end);
    case 'word': {
      const close = wordEnd(bytes, at, end);
      return close === at ? -1 : close;
    }
    case 'any':
      return end;
  }
}
