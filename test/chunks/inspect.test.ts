import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { encodeMetadata } from '../../src/bytes/mod.ts';
import { decodeFooter, inspectSegment, SegmentWriter, type InspectedSegment } from '../../src/chunks/mod.ts';
import { isSpoorError } from '../../src/model/mod.ts';
import { blockOf, readerOf, stream, type TestRow } from './rows.ts';

const golden = (version: number): Buffer => readFileSync(new URL(`../compat/segment/v${version}.segment`, import.meta.url));
const inspect = async (data: Uint8Array, verify = true): Promise<InspectedSegment> => await inspectSegment(readerOf(data), data.length, 'a/segment', { verify });

const hex = (i: number): string => Array.from({ length: 4 }, (_, k) => (Math.imul(i * 31 + k + 1, 2_654_435_761) >>> 0).toString(16).padStart(8, '0')).join('');
const row = (i: number, line: string): TestRow => ({
  stream: stream(`s${i % 3}`), time: i * 1e6, position: i, index: 0, partition: 0, line: Buffer.from(line), metadata: Uint8Array.from(encodeMetadata([{ name: 'trace', value: hex(i) }])),
});
const writer = new SegmentWriter();
writer.add('one', blockOf(20_777, Array.from({ length: 100 }, (_, i) => row(i, `{"level":"${['info', 'warn'][i % 2]!}","ms":${i * 7},"user":"usr-${i}","trace":"${hex(i)}"}`))));
writer.add('two', blockOf(-1, Array.from({ length: 10 }, (_, i) => row(i, `GET /${i}`))));
const { data } = writer.finish();

test('what stands in a segment', async () => {
  const { tenants, pool, rowGroups, damage, footer } = await inspect(data);
  expect(damage).toEqual([]);
  expect(footer).toEqual(decodeFooter(data, data.length, 'x'));
  expect(tenants.map(({ tenant, streams, rows, rowGroups: groups }) => [tenant, streams?.length, rows, groups])).toEqual([['one', 3, 100, 1], ['two', 3, 10, 1]]);
  expect(pool).toMatchObject({ values: 100, digits: 32, page: { what: 'pool' } });
  const [template] = rowGroups[0]!.templates;
  expect([template!.kind, template!.rows, template!.text]).toEqual(['json', 100, ['{"level":"', '","ms":', ',"user":"', '","trace":"', '"}']]);
  expect(template!.columns.map(({ hole, metadata, encoding, distinct, examples, range }) => ({ hole, metadata, encoding, distinct, examples, range }))).toEqual([
    { hole: 'string', metadata: null, encoding: 'dictionary', distinct: 2, examples: ['info', 'warn'], range: null },
    { hole: 'token', metadata: null, encoding: 'integer', distinct: null, examples: [], range: { min: 0, max: 693 } },
    { hole: 'string', metadata: null, encoding: '"usr-" integer', distinct: null, examples: [], range: { min: 0, max: 99 } },
    { hole: 'string', metadata: null, encoding: 'pool', distinct: null, examples: [], range: null },
    { hole: null, metadata: 'trace', encoding: 'same as 3', distinct: null, examples: [], range: null },
  ]);
  expect(rowGroups[1]!.templates.map(({ kind, rows }) => [kind, rows])).toEqual([['text', 10]]);
});

test.each([['written just now', data], ['version 1', golden(1)], ['version 2', golden(2)]])('the space adds up to the whole segment: %s', async (_, segment) => {
  const { space, damage, rowGroups, footer } = await inspect(segment);
  expect(damage).toEqual([]);
  expect(space.reduce((sum, { storedBytes }) => sum + storedBytes, 0)).toBe(segment.length);
  for (const { meta, templates } of rowGroups) expect(templates.reduce((sum, { rows }) => sum + rows, 0)).toBe(meta.shapes === null ? 0 : meta.rows);
  expect(footer.rowGroups.some(({ shapes }) => shapes !== null)).toBe(footer.version > 1);
});

test('without looking at rows only checksums are', async () => {
  expect((await inspect(data, false)).damage).toEqual([]);
});

describe('damage', () => {
  test('every flipped byte is found, in the page that holds it', async () => {
    const footer = decodeFooter(data, data.length, 'x');
    for (let at = 0; at < data.length; at++) {
      const copy = Buffer.from(data);
      copy[at]! ^= 1 << (at % 8);
      let found: InspectedSegment;
      try {
        found = await inspect(copy, at % 16 === 0);
      } catch (error) {
        expect(isSpoorError(error), String(error)).toBe(true);
        expect(at, 'only the footer is needed to tell anything').toBeGreaterThanOrEqual(data.length - footer.footerBytes);
        continue;
      }
      expect(found.damage.length, `byte ${at}`).toBeGreaterThan(0);
      expect(found.damage[0]!.offset, `byte ${at}`).toBeLessThanOrEqual(at);
      expect(found.tenants.map(({ rows }) => rows)).toEqual([100, 10]);
    }
  });

  test('several places are all told, and the rest is', async () => {
    const footer = decodeFooter(data, data.length, 'x');
    const [first, second] = footer.rowGroups;
    const copy = Buffer.from(data);
    const places = [first!.pages[2]!, first!.pages[3]!, second!.shapes!, footer.tenants[0]!.labels].map(({ offset }) => offset);
    for (const at of places) copy[at]! ^= 4;
    const { damage, rowGroups, tenants } = await inspect(copy, false);
    expect(damage.map(({ offset }) => offset)).toEqual(places.sort((a, b) => a - b));
    expect(damage[0]!.reason).toBe('page of time: checksum does not match');
    expect(rowGroups.map(({ templates }) => templates.length)).toEqual([1, 0]);
    expect(tenants.map(({ streams }) => streams?.length ?? null)).toEqual([null, 3]);
  });

  test('a segment that is cut in the middle and has its end', async () => {
    const footer = decodeFooter(data, data.length, 'x');
    const short = async (offset: number, length: number): Promise<Uint8Array> => await Promise.resolve(offset === 0 ? data.subarray(0, 5) : data.subarray(offset, offset + length));
    const { damage } = await inspectSegment(short, data.length, 'a/segment', { verify: true });
    expect(damage).toEqual([{ offset: 0, reason: `${footer.rowGroups[0]!.storedBytes} bytes wanted, 5 there` }]);
  });
});
