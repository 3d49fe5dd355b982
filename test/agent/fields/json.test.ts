import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonFields } from '../../../agent/fields/json.ts';
import { FieldNames } from '../../../agent/fields/names.ts';
import { FieldTable } from '../../../agent/fields/table.ts';

function read(text: string | Buffer, names: readonly string[]): { readonly complete: boolean; readonly fields: Record<string, string> } {
  const known = new FieldNames();
  for (const name of names) known.add(name);
  const table = new FieldTable(new JsonFields(known));
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const complete = table.read(bytes, 0, bytes.length);
  return { complete, fields: Object.fromEntries(names.flatMap((name) => (table.get(name) === undefined ? [] : [[name, table.get(name) ?? '']]))) };
}

describe('JsonFields', () => {
  it.each<[string, string, readonly string[], boolean, Record<string, string>]>([
    ['strings, numbers and words', '{"a":"x","b":-1.5e3,"c":true,"d":null,"e":""}', ['a', 'b', 'c', 'd', 'e'], true, { a: 'x', b: '-1.5e3', c: 'true', e: '' }],
    ['white space', ' \t{ "a" : "x" , "b" :2 } \r\n', ['a', 'b'], true, { a: 'x', b: '2' }],
    ['nested names with dots', '{"a":{"b":{"c":"x"},"d":1},"a.e":2,"a":{"z":1}}', ['a.b.c', 'a.d', 'a.e'], true, { 'a.b.c': 'x', 'a.d': '1', 'a.e': '2' }],
    ['any mixture of dots and objects', '{"k8s.pod":{"name.full":{"x":"y"}}}', ['k8s.pod.name.full.x'], true, { 'k8s.pod.name.full.x': 'y' }],
    ['an object and what is in it', '{"a":{"b":1}}', ['a', 'a.b'], true, { a: '{"b":1}', 'a.b': '1' }],
    ['arrays as they are', '{"a":[1,{"b":"]}"},[]],"c":2}', ['a', 'c', 'a.b'], true, { a: '[1,{"b":"]}"},[]]', c: '2' }],
    ['escapes', String.raw`{"a":"q\"\\\u00e9\ud83d\ude00\n","b":"\x"}`, ['a', 'b'], true, { a: 'q"\\é😀\n', b: String.raw`\x` }],
    ['escaped keys', String.raw`{"tr\u0061ce":"x","\/b":1}`, ['trace', '/b'], true, { trace: 'x', '/b': '1' }],
    ['the first of a name that stands twice', '{"a":1,"a":2}', ['a'], true, { a: '1' }],
    ['the empty object', '{}', ['a'], true, {}],
    ['what stands before the text breaks off', '{"a":"x","b":"yy', ['a', 'b'], false, { a: 'x' }],
    ['a number at the break, which may be cut', '{"a":"x","b":12', ['a', 'b'], false, { a: 'x' }],
    ['what stands before something wrong', '{"a":1,b:2,"c":3}', ['a', 'c'], false, { a: '1' }],
    ['text behind the object', '{"a":1} x', ['a'], false, { a: '1' }],
    ['no object', '[1]', ['a'], false, {}],
    ['nothing', '', ['a'], false, {}],
    ['prototype names', '{"__proto__":"x","constructor":"y"}', ['__proto__', 'constructor'], true, { constructor: 'y' }],
  ])('reads %s', (_, text, names, complete, fields) => {
    const wanted = names.filter((name) => name !== '__proto__');
    expect(read(text, wanted)).toEqual({ complete, fields });
  });

  it('passes over deep nesting in time that does not grow faster than the text', () => {
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)},"b":1}`;
    expect(read(deep, ['b'])).toEqual({ complete: true, fields: { b: '1' } });
    expect(read('{"a":'.repeat(50_000), ['a.a.a.a', 'b']).complete).toBe(false);
  });

  it('gives what JSON.parse gives, for any object', () => {
    const scalar = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null));
    const key = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '"', '\\', '_', '\u0001', '😀'), minLength: 1, maxLength: 4 });
    fc.assert(fc.property(fc.dictionary(key, fc.oneof(scalar, fc.array(scalar), fc.dictionary(key, scalar))), fc.constantFrom(0, 2), (object, indent) => {
      const text = JSON.stringify(object, null, indent);
      const { complete, fields } = read(text, Object.keys(object));
      expect(complete).toBe(true);
      for (const [name, value] of Object.entries(object)) {
        if (value === null) expect(fields[name]).toBeUndefined();
        else if (typeof value === 'string') expect(fields[name]).toBe(value);
        else expect(JSON.parse(fields[name] ?? '')).toEqual(JSON.parse(JSON.stringify(value)));
      }
    }));
  });

  it('never throws, whatever the bytes, and finds nothing outside of them', () => {
    const names = ['a', 'b.c', 'level'];
    const piece = fc.oneof(fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', '"a"', '"b"', '"level":"info"', 'null', '\\u12', ' '), fc.string());
    fc.assert(fc.property(fc.oneof(fc.array(piece).map((pieces) => Buffer.from(`{${pieces.join('')}`)), fc.uint8Array().map((bytes) => Buffer.from(bytes))), fc.nat(), (bytes, cut) => {
      const end = Math.min(bytes.length, cut);
      const known = new FieldNames();
      for (const name of names) known.add(name);
      const table = new FieldTable(new JsonFields(known));
      table.read(bytes, 0, end);
      for (const name of names) {
        const node = known.nodeOf(name) ?? -1;
        table.get(name);
        if (table.has(node)) expect(table.start(node) <= table.end(node) && table.end(node) <= end).toBe(true);
      }
    }), { numRuns: 2000 });
  });
});
