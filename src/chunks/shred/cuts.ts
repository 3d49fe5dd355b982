import type { HoleKind, TemplateKind } from './template.ts';

/** Holes that one line may have; a line with more is kept whole. */
export const holesMax = 256;

/** Where a line was cut: holes as bytes[start … end), rising and apart. One object for all lines. */
export class Cuts {
  kind: TemplateKind = 'plain';
  count = 0;
  readonly start = new Uint32Array(holesMax);
  readonly end = new Uint32Array(holesMax);
  readonly holes: HoleKind[] = [];

  begin(kind: TemplateKind): void {
    this.kind = kind;
    this.count = 0;
  }

  /** False where there are too many. */
  add(hole: HoleKind, start: number, end: number): boolean {
    const i = this.count;
    if (i >= holesMax) return false;
    this.start[i] = start;
    this.end[i] = end;
    this.holes[i] = hole;
    this.count = i + 1;
    return true;
  }
}
