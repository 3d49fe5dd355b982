import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSpoorError, labelSet, type LabelSet } from '../../src/model/mod.ts';
import { crc32c } from '../../src/bytes/mod.ts';
import { decodeLabels, sealLabels } from '../../src/chunks/labels.ts';
import { segmentLimits } from '../../src/chunks/limits.ts';
import type { TenantMeta } from '../../src/chunks/meta.ts';
import type { SealedPage } from '../../src/chunks/page.ts';

const tenantOf = (page: SealedPage, change: Partial<TenantMeta['labels']> = {}): TenantMeta => ({
  tenant: 't', streams: page.meta.values, labels: { ...page.meta, offset: 0, ...change }, rowGroups: [],
});
const sets = fc.array(fc.array(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 })), { maxLength: 6 }).map(labelSet), { maxLength: 30 });

test('label sets come back', () => {
  fc.assert(
    fc.property(sets, (streams) => {
      const page = sealLabels(streams);
      expect(decodeLabels(tenantOf(page), page.data, 'x')).toEqual(streams);
    }),
  );
});

test('a name or value is stored once', () => {
  const streams: LabelSet[] = Array.from({ length: 1000 }, (_, i) => labelSet([['namespace', 'a namespace with a long name'], ['pod', `pod-${i}`]]));
  expect(sealLabels(streams).meta.rawBytes).toBeLessThan(1000 * 20);
});

test('too many labels are refused', () => {
  expect(() => sealLabels([Array.from({ length: segmentLimits.labelsPerStreamMax + 1 }, (_, i) => ({ name: `${i}`, value: 'x' }))])).toThrowError(/labelsPerStreamMax/);
});

test('any damage that a checksum would not show gives coded errors only', () => {
  const page = sealLabels([labelSet([['a', 'b']]), labelSet([['a', 'c'], ['d', 'b']])]);
  const decode = (data: Uint8Array, values: number): unknown => {
    try {
      return decodeLabels(tenantOf(page, { crc: crc32c(data), rawBytes: data.length, storedBytes: data.length, values }), data, 'x');
    } catch (error) {
      if (!isSpoorError(error, 'corruption')) throw error;
      return error;
    }
  };
  expect(decode(page.data, 1)).toBeInstanceOf(Error);
  expect(decode(page.data, 3)).toBeInstanceOf(Error);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(5), fc.nat(page.data.length), (noise, values, at) => {
      decode(noise.length === 0 ? new Uint8Array(1) : noise, values);
      const mixed = Buffer.concat([page.data.subarray(0, at), noise]);
      if (mixed.length > 0) decode(mixed, values);
    }),
    { numRuns: 500 },
  );
});
