import { readFile, type FileHandle } from 'node:fs/promises';
import { inspectIndex, type InspectedIndex } from '../../src/index/mod.ts';
import { dayStartNs, formatLabels, formatRfc3339, labelsObject } from '../../src/model/mod.ts';
import type { Terminal } from '../terminal.ts';
import type { InspectOptions, Report } from './run.ts';
import { bytesText, countText, damageText, jsonText, moreText, partText, plural, shown, tableText } from './text.ts';

const listed = { segments: 10, names: 40, values: 3, streams: 20 };

/** Explains an index file. */
export async function inspectIndexFile(file: FileHandle, path: string, terminal: Terminal, options: InspectOptions): Promise<Report> {
  const bytes = await readFile(file);
  const index = inspectIndex(bytes, path);
  return { text: options.json ? jsonText(jsonOf(path, index, bytes.length)) : indexText(path, index, bytes.length, terminal, options.all), damage: index.damage.length };
}

function jsonOf(path: string, { directory, names, streams, space, damage }: InspectedIndex, bytes: number): unknown {
  const { tenant, day, segments, rows, chunks, bytes: lineBytes } = directory;
  const number = new Map(segments.map((segment, i) => [segment, i]));
  return {
    file: path, kind: 'index', bytes, tenant, day, ...timesOf(directory), rows, chunks, lineBytes, segments, names, space, damage,
    streams: streams.map((stream) => ({ labels: labelsObject(stream.labels), chunks: stream.chunks.map((chunk) => ({ ...chunk, segment: number.get(chunk.segment) })) })),
  };
}

function timesOf({ day, minOffset, maxOffset }: InspectedIndex['directory']): { readonly minNs: bigint; readonly maxNs: bigint } {
  const start = dayStartNs(day);
  return { minNs: start + BigInt(minOffset), maxNs: start + BigInt(maxOffset) };
}

function indexText(path: string, { directory, names, streams, space, damage }: InspectedIndex, bytes: number, terminal: Terminal, all: boolean): string {
  const c = terminal.colors;
  const { minNs, maxNs } = timesOf(directory);
  const most = (of: number): number => (all ? Infinity : of);
  let text = `${c.bold(`index ${path}`)}\n${bytesText(bytes)}, tenant ${shown(directory.tenant, 60) || '""'}, ${formatRfc3339(dayStartNs(directory.day)).slice(0, 10)}: `;
  text += `${plural(directory.streams, 'stream')}, ${plural(directory.chunks, 'chunk')} in ${plural(directory.segments.length, 'segment')}, ${plural(directory.rows, 'row')} of ${bytesText(directory.bytes)}\n`;
  text += `from ${formatRfc3339(minNs)} to ${formatRfc3339(maxNs)}\n${damageText(terminal, damage, 'every checksum is right, and every block could be read')}`;

  const segments = directory.segments.slice(0, most(listed.segments));
  const chunksOf = new Map<unknown, number>();
  for (const { chunks } of streams) for (const { segment } of chunks) chunksOf.set(segment, (chunksOf.get(segment) ?? 0) + 1);
  text += `\n${c.bold('segments')}\n${tableText(terminal, [{ title: 'key' }, { title: 'size', right: true }, { title: 'footer', right: true }, { title: 'chunks', right: true }],
    segments.map((segment) => [shown(segment.key, 120), bytesText(segment.size), bytesText(segment.footerBytes), countText(chunksOf.get(segment) ?? 0)]))}${moreText(directory.segments.length, segments.length, 'segments')}`;

  const labels = names.slice(0, most(listed.names));
  text += `\n${c.bold('labels')}\n${tableText(terminal, [{ title: 'name' }, { title: 'streams', right: true }, { title: 'values', right: true }, { title: 'most streams have' }],
    labels.map(({ name, streams: count, values }) => {
      const common = values.toSorted((a, b) => b.streams - a.streams).slice(0, listed.values);
      return [shown(name, 60), countText(count), countText(values.length), common.map(({ value, streams: of }) => `${shown(value, 40)} (${countText(of)})`).join(', ')];
    }))}${moreText(names.length, labels.length, 'names')}`;

  const some = streams.slice(0, most(listed.streams));
  text += `\n${c.bold('streams')}\n${tableText(terminal, [{ title: 'chunks', right: true }, { title: 'rows', right: true }, { title: 'bytes', right: true }, { title: 'labels' }],
    some.map(({ labels: set, chunks }) => [countText(chunks.length), countText(chunks.reduce((sum, chunk) => sum + chunk.rows, 0)), bytesText(chunks.reduce((sum, chunk) => sum + chunk.bytes, 0)), shown(formatLabels(set), all ? Infinity : 160)]))}`;
  text += moreText(streams.length, some.length, 'streams');

  text += `\n${c.bold('what takes the space')}\n${tableText(terminal, [{ title: 'what' }, { title: 'blocks', right: true }, { title: 'stored', right: true }, { title: 'part', right: true }, { title: 'raw', right: true }],
    space.map(({ what, blocks, storedBytes, rawBytes }) => [what, countText(blocks), bytesText(storedBytes), partText(storedBytes, bytes), bytesText(rawBytes)]))}`;
  return text;
}
