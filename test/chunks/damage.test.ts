import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c, encodeMetadata } from '../../src/bytes/mod.ts';
import { decodeFooter, decodeShapes, openPage, PageSource, SegmentWriter, ShreddedGroup, HexPoolReader, type PageMeta, type RowGroupMeta, type SegmentFooter, type Shape } from '../../src/chunks/mod.ts';
import { encodeFooter } from '../../src/chunks/footer.ts';
import { columnIds, encodingIds } from '../../src/chunks/format.ts';
import { sealPage } from '../../src/chunks/page.ts';
import { encodeShapes } from '../../src/chunks/shapes.ts';
import { isSpoorError } from '../../src/model/mod.ts';
import { blockOf, printRows, readAll, stream, type TestRow } from './rows.ts';

const noise = (i: number): number => Math.imul(i + 1, 2_654_435_761) >>> 0;
const hex = (i: number, digits: number): string => Array.from({ length: digits / 8 }, (_, k) => noise(i * 31 + k * 7919).toString(16).padStart(8, '0')).join('');

/** A line with a column of each kind. */
const lineOf = (i: number): string => {
  const at = new Date(20_777 * 86_400_000 + i * 1000).toISOString();
  if (i % 5 === 4) return `a line of text, number ${i * 7919}: ${'long '.repeat(i % 40)}\n\tand more`;
  if (i % 5 === 3) return `level=info took=${(noise(i) % 10_000) / 100}ms addr=10.0.0.${i % 250} id=${hex(i, 8)}-${hex(i, 8).slice(0, 4)}-4abc-8def-${hex(i + 7, 16).slice(4)} short=${hex(i, 8)} msg="${'x'.repeat(noise(i) % 60)}"`;
  return `{"at":"${at}","level":"${['info', 'warn', 'error'][i % 3]!}","trace":"${hex(i >> 1, 32)}","user":"usr-${noise(i) % 1000}","ms":${noise(i) % 100_000},"ratio":${(noise(i) % 1000) / 100},"same":"x"}`;
};
const rows = (count: number, traced: boolean): TestRow[] =>
  Array.from({ length: count }, (_, i) => ({
    stream: stream(`s${i % 3}`), time: i * 1_000_003, position: 1 + (i >> 3), index: i % 8, partition: i % 2, line: Buffer.from(lineOf(i)),
    metadata: i % 7 === 6 ? Uint8Array.of(255, i) : Uint8Array.from(encodeMetadata([{ name: 'level', value: 'info' }, ...(traced ? [{ name: 'trace', value: hex(i >> 1, 32) }] : [])])),
  }));

/** The error of reading everything; undefined where there is none. */
async function damageOf(bytes: Uint8Array): Promise<unknown> {
  try {
    await readAll(bytes, 'a/segment');
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Damage that is told as it must be: which object, and where. */
function isTold(error: unknown): boolean {
  if (!isSpoorError(error)) return false;
  if (error.code === 'format_version') return true;
  const { where, offset } = error.details as { readonly where?: unknown; readonly offset?: unknown };
  return error.code === 'corruption' && String(where).startsWith('a/segment') && Number.isSafeInteger(offset) && Number(offset) >= 0;
}

describe.each([['shredded', true], ['plain', false]] as const)('a %s segment', (_, shred) => {
  const writer = new SegmentWriter({ shred });
  writer.add('one', blockOf(20_777, rows(150, true)));
  writer.add('two', blockOf(-4, rows(20, false)));
  const { data } = writer.finish();
  const footer = decodeFooter(data, data.length, 'x');

  test('every flipped byte is found', async () => {
    expect(await damageOf(data)).toBe(undefined);
    for (let at = 0; at < data.length; at++) {
      const copy = Buffer.from(data);
      copy[at]! ^= 1 << (at % 8);
      const error = await damageOf(copy);
      expect(isTold(error), `byte ${at} of ${data.length}: ${String(error)}`).toBe(true);
    }
  });

  test('every cut is found, at both ends', async () => {
    for (let at = 0; at < data.length; at++) {
      expect(isTold(await damageOf(data.subarray(0, at))), `${at} first bytes of ${data.length}`).toBe(true);
      if (at > 0) expect(isTold(await damageOf(data.subarray(at))), `without ${at} first bytes of ${data.length}`).toBe(true);
    }
  });

  // What no checksum finds: somebody wrote nonsense and sealed it.

  test('a sealed footer with changed bytes gives a coded error or is read', async () => {
    const body = footer.footerBytes - 20;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(body - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }), async (changes) => {
        const copy = Buffer.from(data);
        const start = data.length - footer.footerBytes;
        for (const [at, value] of changes) copy[start + at] = value;
        copy.writeUInt32LE(crc32c(copy.subarray(start, data.length - 12)), data.length - 12);
        const error = await damageOf(copy);
        expect(error === undefined || isTold(error), String(error)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  test('sealed pages with changed bytes give a coded error or are read', async () => {
    const pagesEnd = Math.min(...footer.rowGroups.map((group) => group.shapes?.offset ?? data.length - footer.footerBytes));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(pagesEnd - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }), async (changes) => {
        const copy = Buffer.from(data);
        for (const [at, value] of changes) copy[at] = value;
        const error = await damageOf(resealed(copy, footer, (shapes) => encodeShapes(shapes)));
        expect(error === undefined || isTold(error), String(error)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });
});

/** The segment with checksums that fit its bytes; `encode` makes the raw shapes of each row group. */
function resealed(copy: Buffer, footer: SegmentFooter, encode: (shapes: readonly Omit<Shape, 'key'>[]) => Uint8Array): Buffer {
  const sealed = (page: PageMeta): PageMeta => ({ ...page, crc: page.storedBytes === 0 ? 0 : crc32c(copy.subarray(page.offset, page.offset + page.storedBytes)) });
  const parts = [copy.subarray(0, Math.min(...footer.rowGroups.map((group) => group.shapes?.offset ?? copy.length - footer.footerBytes)))];
  const groups = footer.rowGroups.map((group): RowGroupMeta => {
    const pages = group.pages.map(sealed);
    if (group.shapes === null) return { ...group, pages };
    const first = group.pages.reduce((at, page) => at + page.storedBytes, group.offset);
    const raw = openPage(group.shapes, copy.subarray(group.shapes.offset, group.shapes.offset + group.shapes.storedBytes), 'x');
    const shapes = decodeShapes(raw, group, 'x').map((shape) => ({
      ...shape, columns: shape.columns.map((column) => ({ ...column, pages: column.pages.map((page) => ({ ...sealed(page), offset: page.offset - first })) })),
    }));
    const page = sealPage({ column: columnIds.shapes, encoding: encodingIds.shapes, values: shapes.length, range: null }, encode(shapes));
    parts.push(Buffer.from(page.data));
    return { ...group, pages, shapes: { ...page.meta, offset: 0 } };
  });
  const tenants = footer.tenants.map((tenant) => ({ ...tenant, labels: sealed(tenant.labels) }));
  return Buffer.concat([...parts, encodeFooter(tenants, groups, footer.pool === null ? null : sealed(footer.pool))]);
}

test('random bytes are no segment', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      expect(isTold(await damageOf(bytes))).toBe(true);
    }),
  );
});

describe('templates and columns', () => {
  const block = blockOf(20_777, rows(150, true));
  const writer = new SegmentWriter();
  writer.add('one', block);
  const { data } = writer.finish();
  const footer = decodeFooter(data, data.length, 'x');
  const [group] = footer.rowGroups as [RowGroupMeta];

  test('sealed shapes with changed bytes give a coded error or are read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(255)), { minLength: 1, maxLength: 3 }), async (changes) => {
        const changed = resealed(Buffer.from(data), footer, (shapes) => {
          const raw = Buffer.from(encodeShapes(shapes));
          for (const [part, value] of changes) raw[Math.floor(part * raw.length)] = value;
          return raw;
        });
        const error = await damageOf(changed);
        expect(error === undefined || isTold(error), String(error)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  test('random bytes as shapes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(isTold(await damageOf(resealed(Buffer.from(data), footer, () => bytes)))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  /** The row group, read piece by piece as it is asked for. */
  function openLazily(bytes: Uint8Array): { readonly group: ShreddedGroup; readonly shapes: readonly Shape[] } {
    const stored = (page: PageMeta): Uint8Array => bytes.subarray(page.offset, page.offset + page.storedBytes);
    const shapes = decodeShapes(openPage(group.shapes!, stored(group.shapes!), 'a/segment'), group, 'a/segment');
    const source = new PageSource([], [], 'a/segment', (ranges) => ranges.map(({ offset, length }) => bytes.subarray(offset, offset + length)));
    const pool = (): HexPoolReader => new HexPoolReader(openPage(footer.pool!, stored(footer.pool!), 'a/segment'), 'a/segment');
    return { group: new ShreddedGroup({ rowGroup: group, shapes, source, pool }, block.streams, []), shapes };
  }

  test('what is damaged is told by its place, and what is not read does no harm', () => {
    const rowsOf = Uint32Array.from({ length: block.rows }, (_, i) => i);
    const good = openLazily(data).group;
    const expected = { lines: good.lines(rowsOf), metadata: good.metadata(rowsOf), time: good.time() };
    expect(printRows({ ...block, lines: expected.lines, metadata: expected.metadata })).toEqual(printRows(block));
    const { shapes } = openLazily(data);
    let pages = 0;
    for (const { template, columns } of shapes) {
      for (const [number, column] of columns.entries()) {
        for (const page of column.pages) {
          if (page.storedBytes === 0) continue;
          pages++;
          const copy = Buffer.from(data);
          copy[page.offset + (page.storedBytes >> 1)]! ^= 0x10;
          const ofLine = number < template.holes.length;
          const { group: damaged } = openLazily(copy);
          expect(damaged.time()).toEqual(expected.time);
          if (!ofLine) expect(damaged.lines(rowsOf)).toEqual(expected.lines);
          const read = (): unknown => (ofLine ? damaged.lines(rowsOf) : damaged.metadata(rowsOf));
          expect(read).toThrowError(`damaged data in a/segment at offset ${page.offset}: page of value: checksum does not match`);
        }
      }
    }
    expect(pages).toBeGreaterThan(8);
  });

  test('a pool that is cut, of nothing, or of others is told', () => {
    const { storedBytes, offset } = footer.pool!;
    const stored = Buffer.from(data.subarray(offset, offset + storedBytes));
    const raw = openPage(footer.pool!, stored, 'x');
    for (const bytes of [raw.subarray(0, 0), raw.subarray(1), raw.subarray(0, -1), raw.subarray(16), Buffer.concat([raw.subarray(0, -2), Buffer.from([0, 0])]), Buffer.concat([raw.subarray(0, -2), Buffer.from([16, 2])])]) {
      const read = (): void => {
        const source = new PageSource([], [], 'a/segment', (ranges) => ranges.map((range) => data.subarray(range.offset, range.offset + range.length)));
        const parts = { rowGroup: group, shapes: openLazily(data).shapes, source, pool: () => new HexPoolReader(bytes, 'a/segment') };
        const all = Uint32Array.from({ length: block.rows }, (_, i) => i);
        const damaged = new ShreddedGroup(parts, block.streams, []);
        damaged.lines(all);
        damaged.metadata(all);
      };
      expect(read).toThrowError(expect.objectContaining({ code: 'corruption' }) as Error);
    }
  });
});
