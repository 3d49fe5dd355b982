import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodeFooter, segmentVersion } from '../../src/chunks/mod.ts';
import { columnIds, encodingIds } from '../../src/chunks/format.ts';
import { printGolden } from './rows.ts';

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
