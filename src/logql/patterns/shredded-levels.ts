import type { ShreddedRows, ShreddedTemplate } from '../../model/mod.ts';
import { levelName, type LevelReader } from './levels.ts';

/** For each row of a row group its level, read from the column of that metadata alone; null where metadata has to be read as a whole. */
export function shreddedLevels(group: ShreddedRows, reader: LevelReader): Uint8Array | null {
  if (group.templates.some(({ template }) => template.metadata === null)) return null;
  const levels = new Uint8Array(group.rows);
  for (const template of group.templates) readLevels(template, reader, levels);
  return levels;
}

function readLevels(template: ShreddedTemplate, reader: LevelReader, levels: Uint8Array): void {
  const { metadata, holes } = template.template;
  const at = metadata?.indexOf(levelName) ?? -1;
  const column = at < 0 ? undefined : template.columns[holes.length + at];
  if (column === undefined) return;
  const rows = template.rows();
  const dictionary = column.dictionary();
  const { bytes, start, length } = dictionary?.entries ?? column.texts();
  const known = Uint8Array.from({ length: dictionary?.size ?? rows.length }, (_, i) => reader.level(bytes, start[i]!, length[i]!));
  const codes = dictionary === null ? null : column.codes();
  for (let i = 0; i < rows.length; i++) levels[rows[i]!] = known[codes === null ? i : codes[i]!]!;
}
