import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { traceRandomness, type Randomness } from '../../../../agent/shape/randomness.ts';
import { randomnessOfKey, readTraceKey } from '../../../../agent/shape/tail/trace-key.ts';
import { TraceTable } from '../../../../agent/shape/tail/trace-table.ts';

const keyOf = (trace: string): Uint32Array => {
  const key = new Uint32Array(4);
  readTraceKey(trace, key);
  return key;
};
const hexOf = (trace: string): string => Array.from(keyOf(trace), (word) => word.toString(16).padStart(8, '0')).join('');

describe('keys', () => {
  test('are the 32 digits of an ID', () => {
    expect(hexOf('4bf92f3577b34da6a3ce929d0e0e4736')).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(hexOf('4BF92F35-77b3-4da6-a3ce-929d0e0e4736')).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(hexOf('a3ce929d0e0e4736')).toBe('0000000000000000a3ce929d0e0e4736');
    expect(hexOf('123456789012345')).toBe('00000000000000000123456789012345');
    expect(hexOf('order-17')).toHaveLength(32);
    expect(hexOf('order-17')).not.toBe(hexOf('order-18'));
    expect(hexOf('12')).not.toBe(`${'0'.repeat(30)}12`);
  });

  test('have the randomness of the ID', () => {
    fc.assert(fc.property(fc.oneof(fc.stringMatching(/^[0-9a-f]{0,40}$/), fc.string(), fc.uuid()), (trace) => {
      const expected: Randomness = { high: 0, low: 0 };
      const actual: Randomness = { high: 0, low: 0 };
      traceRandomness(trace, expected);
      randomnessOfKey(keyOf(trace), 0, actual);
      expect(actual).toEqual(expected);
    }));
  });
});

test('the table is a map that remembers the order, whatever is added, removed and touched', () => {
  const operation = fc.record({ what: fc.constantFrom('add', 'remove', 'touch', 'oldest'), id: fc.integer({ min: 0, max: 60 }) });
  fc.assert(fc.property(fc.array(operation, { maxLength: 400 }), (operations) => {
    const table = new TraceTable();
    const model = new Map<number, number>();
    // Few different words, so that entries collide.
    const key = (id: number): Uint32Array => Uint32Array.of(0, id % 3, id % 5, id);
    for (const { what, id } of operations) {
      const entry = table.find(key(id));
      expect(entry).toBe(model.get(id) ?? -1);
      if (what === 'add' && entry < 0) model.set(id, table.add(key(id)));
      if (what === 'remove' && entry >= 0) {
        table.remove(entry);
        model.delete(id);
      }
      if (what === 'touch' && entry >= 0) {
        table.touch(entry);
        model.delete(id);
        model.set(id, entry);
      }
      const [oldest] = model.values();
      expect(table.oldest).toBe(oldest ?? -1);
      expect(table.size).toBe(model.size);
    }
  }));
});

test('the table grows, and finds all', () => {
  const table = new TraceTable();
  const key = (i: number): Uint32Array => Uint32Array.of(Math.imul(i, 77), i, Math.imul(i, 0x9e3779b9), Math.imul(i, 31));
  for (let i = 0; i < 5000; i++) table.add(key(i));
  for (let i = 0; i < 5000; i += 2) table.remove(table.find(key(i)));
  for (let i = 0; i < 5000; i++) expect(table.find(key(i)) >= 0).toBe(i % 2 === 1);
  expect(table.keys[table.oldest * 4 + 1]).toBe(1);
});
