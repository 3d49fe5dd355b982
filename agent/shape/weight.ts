import { decodeMetadata, encodeMetadata } from '../../src/bytes/mod.ts';
import type { LineView } from '../join/line.ts';

/** Metadata of a line that stands for others: the fraction of such lines that is kept, as a decimal. A count over sampled lines adds up 1 / rate. */
export const sampleRateMetadata = 'spoor_sample_rate';

/** Sets structured metadata of a line; a pair of that name gives way. */
export function setMetadata(line: LineView, name: string, value: string): void {
  const pairs = line.metadata === null ? [] : decodeMetadata(line.metadata, 0, line.metadata.length).filter((pair) => pair.name !== name);
  pairs.push({ name, value });
  pairs.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  line.metadata = encodeMetadata(pairs);
}

const alone = new Map<number, Uint8Array>();

/** Says that a line was kept with a probability. Samplers one behind the other multiply. */
export function weighLine(line: LineView, fraction: number): void {
  if (line.metadata === null) {
    let bytes = alone.get(fraction);
    if (bytes === undefined) {
      bytes = encodeMetadata([{ name: sampleRateMetadata, value: rateText(fraction) }]);
      if (alone.size < rememberedMax) alone.set(fraction, bytes);
    }
    line.metadata = bytes;
    return;
  }
  const before = decodeMetadata(line.metadata, 0, line.metadata.length).find((pair) => pair.name === sampleRateMetadata);
  setMetadata(line, sampleRateMetadata, rateText(fraction * (before === undefined ? 1 : Number(before.value))));
}

const rememberedMax = 64;

/** Nine digits are enough for any rate; the same number is always the same text. */
function rateText(fraction: number): string {
  return String(Number(fraction.toPrecision(9)));
}
