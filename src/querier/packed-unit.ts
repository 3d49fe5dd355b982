import type { TimeWindow } from '../ingester/mod.ts';
import type { Label, LabelSet } from '../model/mod.ts';
import type { LoadedUnit } from './scan-session.ts';
import type { Source, Unit, UnitPiece } from './units.ts';

/** A unit as it crosses threads: label sets as text and pieces as numbers, because an object per label and piece takes several microseconds to copy. */
export interface PackedUnit extends Omit<LoadedUnit, 'unit'> {
  readonly unit: Omit<Unit, 'streams' | 'sources'>;
  /** Label sets as packLabels gives them. */
  readonly streams: readonly string[];
  readonly sources: readonly {
    readonly source: Source;
    /** Slot, rowStart and rows of each piece. */
    readonly pieces: Float64Array;
    /** Windows of those pieces that have some, by their number. */
    readonly windows: readonly (readonly [piece: number, windows: readonly TimeWindow[]])[];
  }[];
}

const packed = new WeakMap<LabelSet, string>();

/** Names and values in turn, as JSON. */
function packLabels(labels: LabelSet): string {
  let text = packed.get(labels);
  if (text === undefined) {
    text = JSON.stringify(labels.flatMap(({ name, value }) => [name, value]));
    packed.set(labels, text);
  }
  return text;
}

export function packUnit({ unit: { streams, sources, ...unit }, ...rest }: LoadedUnit): PackedUnit {
  return {
    ...rest,
    unit,
    streams: streams.map(packLabels),
    sources: sources.map(({ source, pieces }) => {
      const numbers = new Float64Array(3 * pieces.length);
      const windowsOf: (readonly [number, readonly TimeWindow[]])[] = [];
      for (const [i, { slot, rowStart, rows, windows }] of pieces.entries()) {
        numbers[3 * i] = slot;
        numbers[3 * i + 1] = rowStart;
        numbers[3 * i + 2] = rows;
        if (windows !== null) windowsOf.push([i, windows]);
      }
      return { source, pieces: numbers, windows: windowsOf };
    }),
  };
}

/** Characters of label sets that are kept before the older half of them is forgotten. */
const keptCharactersMax = 4 * 2 ** 20;

/** Unpacks units in a thread; the same label set is the same object as long as it is kept. */
export class UnitUnpacker {
  #young = new Map<string, LabelSet>();
  #old = new Map<string, LabelSet>();
  #characters = 0;

  unpack({ unit, streams, sources, ...rest }: PackedUnit): LoadedUnit {
    return {
      ...rest,
      unit: {
        ...unit,
        streams: streams.map((text) => this.#labels(text)),
        sources: sources.map(({ source, pieces, windows }) => {
          const windowsOf = new Map(windows);
          const all: UnitPiece[] = [];
          for (let at = 0; at < pieces.length; at += 3) all.push({ slot: pieces[at]!, rowStart: pieces[at + 1]!, rows: pieces[at + 2]!, windows: windowsOf.get(at / 3) ?? null });
          return { source, pieces: all };
        }),
      },
    };
  }

  #labels(text: string): LabelSet {
    const known = this.#young.get(text);
    if (known !== undefined) return known;
    const labels = this.#old.get(text) ?? unpackLabels(text);
    this.#young.set(text, labels);
    this.#characters += text.length;
    if (this.#characters > keptCharactersMax / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = 0;
    }
    return labels;
  }
}

function unpackLabels(text: string): LabelSet {
  const texts = JSON.parse(text) as readonly string[];
  const labels: Label[] = [];
  for (let i = 0; i < texts.length; i += 2) labels.push({ name: texts[i]!, value: texts[i + 1]! });
  return labels;
}
