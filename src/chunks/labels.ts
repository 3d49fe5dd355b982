import { ByteReader, ByteWriter } from '../bytes/mod.ts';
import { SpoorError, type LabelSet } from '../model/mod.ts';
import { columnIds, encodingIds } from './format.ts';
import { segmentLimits } from './limits.ts';
import type { TenantMeta } from './meta.ts';
import { openPage, pageDamage, sealPage, type SealedPage } from './page.ts';

/** The label sets of a tenant: a table of all names and values, each once, then per stream its pairs as numbers into it. */
export function sealLabels(streams: readonly LabelSet[]): SealedPage {
  const numbers = new Map<string, number>();
  const table = new ByteWriter(4096);
  const pairs = new ByteWriter(4096);
  const number = (text: string): number => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    if (Buffer.byteLength(text) > segmentLimits.labelBytesMax)
      throw new SpoorError('internal', { reason: `a label has more than ${segmentLimits.labelBytesMax} bytes (labelBytesMax)` });
    table.text(text);
    numbers.set(text, numbers.size);
    return numbers.size - 1;
  };
  for (const labels of streams) {
    if (labels.length > segmentLimits.labelsPerStreamMax)
      throw new SpoorError('internal', { reason: `a stream has more than ${segmentLimits.labelsPerStreamMax} labels (labelsPerStreamMax)` });
    pairs.varint(labels.length);
    for (const label of labels) pairs.varint(number(label.name)).varint(number(label.value));
  }
  const raw = new ByteWriter(table.length + pairs.length + 8).varint(numbers.size).bytes(table.view()).bytes(pairs.view());
  return sealPage({ column: columnIds.labels, encoding: encodingIds.labels, values: streams.length, range: null }, raw.view());
}

/** The label sets of a tenant, by stream number; `stored` is the section TenantMeta.labels. Throws `corruption`. */
export function decodeLabels(tenant: TenantMeta, stored: Uint8Array, where: string): LabelSet[] {
  const page = tenant.labels;
  if (page.encoding !== encodingIds.labels) throw pageDamage(page, where, `encoding ${page.encoding} is unknown for labels`);
  const reader = new ByteReader(openPage(page, stored, where), `${where}, labels of ${tenant.tenant}`);
  const texts: string[] = [];
  for (let left = reader.varint(reader.remaining, 'number of texts'); left > 0; left--) texts.push(reader.text(segmentLimits.labelBytesMax, 'label'));
  const streams: LabelSet[] = [];
  const text = (what: string): string => {
    const value = texts[reader.varint(texts.length, what)];
    if (value === undefined) throw reader.damage(`${what} is not in the table`);
    return value;
  };
  while (streams.length < page.values) {
    const labels: { name: string; value: string }[] = [];
    for (let left = reader.varint(segmentLimits.labelsPerStreamMax, 'number of labels'); left > 0; left--) {
      const name = text('label name');
      labels.push({ name, value: text('label value') });
    }
    streams.push(labels);
  }
  reader.end();
  return streams;
}
