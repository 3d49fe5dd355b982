import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineFields } from '../../../src/logql/detected/line-fields.ts';
import { labelSet } from '../../../src/model/mod.ts';
import { labelsOf } from '../stages/run.ts';

const fields = new LineFields();

function fieldsOf(line: string, stream: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const bytes = Buffer.from(`before ${line} behind`);
  fields.parse(labelSet(Object.entries(stream)), bytes, 7, 7 + Buffer.byteLength(line));
  return Object.fromEntries(Array.from({ length: fields.count }, (_, i) => [fields.name(i), fields.value(i)]));
}

describe('LineFields', () => {
  it('finds what `| json` finds, else what `| logfmt` finds', () => {
    const text = fc.oneof(fc.constantFrom('', 'x', 'a b', '5MB', '{', '"', '\\', 'é', 'k=v', '\ufffd'), fc.string({ maxLength: 5 }));
    const name = fc.oneof(fc.constantFrom('a', 'b', 'app', 'a_b', '1a', 'a_extracted'), fc.string({ maxLength: 4 }));
    const object = fc.dictionary(name, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.dictionary(name, text), fc.array(text)));
    const line = fc.oneof(
      object.map((one) => JSON.stringify(one)),
      // Cut off, or with something behind it.
      fc.tuple(object, fc.nat(40)).map(([one, at]) => JSON.stringify(one).slice(0, at)),
      object.map((one) => `${JSON.stringify(one)} a=b`),
      fc.array(fc.tuple(name, text)).map((pairs) => pairs.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(' ')),
      fc.string(),
    );
    fc.assert(
      fc.property(line, fc.constantFrom({}, { app: 'shop' }, { a: '1', b: '2' }), (one, stream) => {
        const json = labelsOf('| json', one, { stream }) ?? {};
        const found = fieldsOf(one, stream);
        expect(fields.parser).toBe('__error__' in json ? 'logfmt' : 'json');
        expect(found).toEqual('__error__' in json ? labelsOf('| logfmt', one, { stream }) : json);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps nothing of the line before', () => {
    expect(fieldsOf('{"a":1,"b":{"c":2}}')).toEqual({ a: '1', b_c: '2' });
    expect(fields.path(1)).toEqual(['b', 'c']);
    expect(fieldsOf('{"d":1, "e":')).toEqual({});
    expect(fieldsOf('d=1')).toEqual({ d: '1' });
    expect([fields.parser, fields.path(0)]).toEqual(['logfmt', null]);
    expect(fieldsOf('')).toEqual({});
  });
});
