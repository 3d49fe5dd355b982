import { bareEnd } from './cut-logfmt.ts';
import { arrayEnd, stringEnd, tokenEnd } from './cut-json.ts';
import { wordEnd } from './cut-text.ts';
import type { Cuts } from './cuts.ts';
import type { HoleKind, Template } from './template.ts';

/** Whether the line has the template's text, with holes filled as they may be; `cuts` has them then. */
export function matchTemplate(template: Template, bytes: Buffer, start: number, end: number, cuts: Cuts): boolean {
  const { text, holes, kind } = template;
  cuts.begin(kind);
  let at = start;
  for (let i = 0; i < holes.length; i++) {
    at = behind(text[i]!, bytes, at, end);
    if (at < 0) return false;
    const hole = holes[i]!;
    const close = holeEnd(hole, bytes, at, end);
    if (close < 0) return false;
    cuts.add(hole, at, close);
    at = close;
  }
  return behind(text[holes.length]!, bytes, at, end) === end;
}

/** The index behind `piece`, which must stand at `at`; -1 where it does not. */
function behind(piece: Buffer, bytes: Buffer, at: number, end: number): number {
  const { length } = piece;
  if (at + length > end) return -1;
  for (let i = 0; i < length; i++) if (piece[i] !== bytes[at + i]) return -1;
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
