import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodeFooter, openSegment, segmentVersion } from '../../src/chunks/mod.ts';
import { AffixColumn } from '../../src/chunks/columns/affix.ts';
import { columnKinds } from '../../src/chunks/columns/column.ts';
import { codecIds, columnIds, encodingIds } from '../../src/chunks/format.ts';
import { holeKinds, templateKinds } from '../../src/chunks/shred/template.ts';
import { printGolden, readerOf } from './rows.ts';

const folder = new URL('../compat/segment/', import.meta.url);
const versions = readdirSync(folder).filter((name) => name.endsWith('.segment'));

test('each version has a golden file', () => {
  expect(versions).toEqual(Array.from({ length: segmentVersion }, (_, i) => `v${i + 1}.segment`));
});

test.each(versions)('%s reads as it always did', async (name) => {
  const data = readFileSync(new URL(name, folder));
  expect(await printGolden(data)).toBe(readFileSync(new URL(name.replace('.segment', '.txt'), folder), 'utf8'));
});

/** Columns and encodings that version 1 knew. */
const firstOfVersion2 = { column: columnIds.template, encoding: encodingIds.shapes };

test('the golden file of version 1 holds every column and encoding', () => {
  const data = readFileSync(new URL('v1.segment', folder));
  const footer = decodeFooter(data, data.length, 'v1');
  const pages = [...footer.rowGroups.flatMap((group) => group.pages), ...footer.tenants.map((tenant) => tenant.labels)];
  expect([...new Set(pages.map((page) => page.column))].sort((a, b) => a - b)).toEqual(Object.values(columnIds).filter((id) => id < firstOfVersion2.column));
  expect([...new Set(pages.map((page) => page.encoding))].sort((a, b) => a - b)).toEqual(Object.values(encodingIds).filter((id) => id < firstOfVersion2.encoding));
  expect(new Set(pages.map((page) => page.codec)).size).toBe(2);
});

test('the golden file of version 2 holds every kind of template, hole and column', async () => {
  const data = readFileSync(new URL('v2.segment', folder));
  const reader = await openSegment(readerOf(data), data.length, 'v2');
  const opened = await Promise.all(reader.footer.rowGroups.map(async (_, i) => await reader.openRowGroup(i)));
  const shapes = opened.flatMap((one) => one.shapes);
  const columns = opened.flatMap((one) => one.group!.templates.flatMap((template) => template.columns));
  const sorted = (of: Iterable<string>): string[] => [...new Set(of)].sort();
  expect(sorted(shapes.map(({ template }) => template.kind))).toEqual(Object.keys(templateKinds).sort());
  expect(sorted(shapes.flatMap(({ template }) => template.holes))).toEqual(Object.keys(holeKinds).sort());
  expect(shapes.some(({ template }) => template.metadata === null)).toBe(true);
  expect(sorted(columns.flatMap((column) => [column.header.kind, ...(column instanceof AffixColumn ? [column.inner.header.kind] : [])]))).toEqual(Object.keys(columnKinds).sort());
  expect(new Set(shapes.flatMap((shape) => shape.columns.flatMap(({ pages }) => pages.map((page) => page.codec))))).toEqual(new Set(Object.values(codecIds)));
  expect(shapes.some((shape) => shape.columns.some(({ grams }) => grams !== null))).toBe(true);
  expect(await reader.pool()).toBeDefined();
});
