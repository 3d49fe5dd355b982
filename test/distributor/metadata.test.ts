import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { metadataName } from '../../src/distributor/metadata-names.ts';
import { defaultPushBodyLimits, RawBatchBuilder, type RawBatch } from '../../src/protocols/mod.ts';
import { Harness } from './harness.ts';

const off = { discover_service_name: [], discover_log_levels: false, reject_old_samples: false, max_structured_metadata_entries_count: 0 };

/** One entry with this metadata, as bytes. */
function rawOf(pairs: readonly (readonly [Uint8Array, Uint8Array])[]): RawBatch {
  const builder = new RawBatchBuilder(defaultPushBodyLimits, 1);
  const bytes = Buffer.concat([Buffer.from('line'), ...pairs.flat()]);
  builder.addRow();
  builder.setTime(1, 0);
  builder.setLine(0, 4);
  let at = 4;
  for (const [name, value] of pairs) {
    builder.addPair(at, name.length, at + name.length, value.length);
    at += name.length + value.length;
  }
  builder.endStream([{ name: 'a', value: 'b' }], 0);
  return builder.finish(bytes, '');
}

const stored = async (pairs: readonly (readonly [string | Uint8Array, string | Uint8Array])[]) => {
  const harness = new Harness(off);
  await harness.distributor.push('t', rawOf(pairs.map(([name, value]) => [Buffer.from(name as string), Buffer.from(value as string)] as const)));
  return harness.stored()[0]?.metadata;
};

describe('clashes', () => {
  test.each<[string, [string, string][], Record<string, string>]>([
    ['the last of one name', [['a', '1'], ['a', '2']], { a: '2' }],
    ['the changed name before the right one', [['a.b', '1'], ['a_b', '2']], { a_b: '1' }],
    ['in the other order', [['a_b', '2'], ['a.b', '1']], { a_b: '1' }],
    ['the later of two changed', [['a.b', '1'], ['a-b', '2']], { a_b: '2' }],
    ['an empty value falls away', [['a', ''], ['b', 'x']], { b: 'x' }],
    ['a changed name without a value takes the right one with it', [['a_b', '1'], ['a.b', '']], {}],
    ['a mended value counts as changed', [['a', 'x\uFFFD'], ['a', '2']], { a: 'x ' }],
  ])('%s', async (_, pairs, wanted) => {
    expect(await stored(pairs)).toEqual(wanted);
  });

  test('bytes that are no UTF-8 become one space each', async () => {
    const value = Buffer.from([0x61, 0xff, 0xe6, 0x97, 0x62, 0xed, 0xa0, 0x80, 0xc3, 0xa9, 0xf0, 0x9f, 0x9a, 0x80, 0xf5]);
    expect(await stored([['a', value]])).toEqual({ a: 'a   b   é🚀 ' });
  });
});

test('any metadata comes to what a plain reading of the rules gives, in order of names', async () => {
  const name = fc.oneof(fc.constantFrom('a', 'b', 'a.b', 'a_b', 'a-b', '1', '__x__', '__x'), fc.string({ minLength: 1, maxLength: 6 }));
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(name, fc.oneof(fc.constantFrom('', 'x', '\uFFFD'), fc.string({ unit: 'binary', maxLength: 5 }))), { maxLength: 40 }), async (pairs) => {
    const usable = pairs.filter(([sent]) => metadataName(Buffer.from(sent), []).fault === '');
    const right = new Map<string, string>();
    const changed = new Map<string, string>();
    for (const [sent, value] of usable) {
      const normalised = metadataName(Buffer.from(sent), []).name;
      const mended = value.toWellFormed().replaceAll('\uFFFD', ' ');
      (normalised !== sent || mended !== value ? changed : right).set(normalised, mended);
    }
    const wanted = [...new Map([...right, ...changed])].filter(([, value]) => value !== '').sort((a, b) => (a[0] < b[0] ? -1 : 1));
    const got = await stored(usable.map(([sent, value]) => [sent, value.toWellFormed()] as const));
    expect(Object.entries(got ?? {}).sort((a, b) => (a[0] < b[0] ? -1 : 1))).toEqual(wanted);
  }), { numRuns: 500 });
});
