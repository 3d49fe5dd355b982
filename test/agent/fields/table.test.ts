import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AutoFields } from '../../../agent/fields/auto.ts';
import { FieldNames } from '../../../agent/fields/names.ts';
import { FieldTable } from '../../../agent/fields/table.ts';

function read(table: FieldTable, text: string): void {
  const bytes = Buffer.from(text);
  table.read(bytes, 0, bytes.length);
}

describe('FieldTable', () => {
  it('looks for a name from the first time on that somebody asks for it, in that line too', () => {
    const table = new FieldTable(new AutoFields(new FieldNames()));
    read(table, '{"a":1,"b":{"c":"x"}}');
    expect(table.get('b.c')).toBe('x');
    expect(table.get('a')).toBe('1');
    read(table, 'b.c=y');
    expect([table.get('a'), table.get('b.c')]).toEqual([undefined, 'y']);
    read(table, 'plain');
    expect([table.get('a'), table.get('b.c')]).toEqual([undefined, undefined]);
  });

  it('takes many names, and no more than its limit', () => {
    const names = new FieldNames();
    const table = new FieldTable(new AutoFields(names));
    for (let i = 0; i < 3000; i++) names.add(`name${i}`);
    expect(names.size).toBeLessThanOrEqual(1024);
    read(table, '{"name5":"x","name2999":"y"}');
    expect([table.get('name5'), table.get('name2999')]).toEqual(['x', undefined]);
    expect([names.add(''), names.add('x'.repeat(1000))]).toEqual([-1, -1]);
  });

  it('finds every added name as a flat key', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', '.', 'é', '_'), minLength: 1, maxLength: 12 }), { maxLength: 30 }), (list) => {
      const names = new FieldNames();
      for (const name of list) expect(names.add(name)).toBeGreaterThan(0);
      const table = new FieldTable(new AutoFields(names));
      for (const name of list) {
        read(table, JSON.stringify({ [name]: 'v' }));
        expect(table.get(name)).toBe('v');
      }
    }));
  });
});
