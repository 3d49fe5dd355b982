import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldsOf, valuesOf } from './run.ts';

const names = (fields: ReturnType<typeof fieldsOf>): readonly string[] => fields.map(({ label }) => label);

describe('FieldDetector', () => {
  it('finds the fields of JSON with their paths', () => {
    expect(fieldsOf([{ line: '{"msg":"hi","http":{"status":200,"took":"5ms"},"ok":true,"nothing":null,"list":[1]}' }])).toEqual([
      { label: 'http_status', type: 'int', cardinality: 1, parsers: ['json'], jsonPath: ['http', 'status'] },
      { label: 'http_took', type: 'duration', cardinality: 1, parsers: ['json'], jsonPath: ['http', 'took'] },
      { label: 'msg', type: 'string', cardinality: 1, parsers: ['json'], jsonPath: ['msg'] },
      { label: 'ok', type: 'boolean', cardinality: 1, parsers: ['json'], jsonPath: ['ok'] },
    ]);
  });

  it('finds the fields of logfmt, and none in plain text', () => {
    expect(fieldsOf([{ line: 'level=info took=1.5s size=4KB n=1' }, { line: 'level=warn took=2s size=8KB n=2' }, { line: 'just some words' }])).toEqual([
      { label: 'level', type: 'string', cardinality: 2, parsers: ['logfmt'] },
      { label: 'n', type: 'int', cardinality: 2, parsers: ['logfmt'] },
      { label: 'size', type: 'bytes', cardinality: 2, parsers: ['logfmt'] },
      { label: 'took', type: 'duration', cardinality: 2, parsers: ['logfmt'] },
    ]);
    expect(fieldsOf([{ line: 'just some words' }])).toEqual([]);
  });

  it('lists both parsers of a field of mixed lines, and its path', () => {
    expect(fieldsOf([{ line: 'a=1' }, { line: '{"a":2}' }, { line: 'a=x' }])).toEqual([{ label: 'a', type: 'string', cardinality: 3, parsers: ['logfmt', 'json'], jsonPath: ['a'] }]);
  });

  it('takes a line that begins as JSON for logfmt where it is broken', () => {
    expect(fieldsOf([{ line: '{"a":1,"b": oops x=3' }])).toEqual([{ label: 'x', type: 'int', cardinality: 1, parsers: ['logfmt'] }]);
  });

  it('lists structured metadata without a parser', () => {
    expect(fieldsOf([{ line: 'x', metadata: { trace_id: 'abc', n: '1' } }])).toEqual([
      { label: 'n', type: 'int', cardinality: 1, parsers: null },
      { label: 'trace_id', type: 'string', cardinality: 1, parsers: null },
    ]);
  });

  it('adds a parser to metadata that is a field as well', () => {
    expect(fieldsOf([{ line: 'trace=b', metadata: { trace: 'a' } }])).toEqual([{ label: 'trace', type: 'string', cardinality: 2, parsers: ['logfmt'] }]);
  });

  it('lists no index labels; a field of the same name is called differently', () => {
    const stream = { app: 'shop', http_status: 'x' };
    expect(fieldsOf([{ line: '{"app":"other","http":{"status":1}}', stream }])).toEqual([
      { label: 'app_extracted', type: 'string', cardinality: 1, parsers: ['json'], jsonPath: ['app'] },
      { label: 'http_status_extracted', type: 'int', cardinality: 1, parsers: ['json'], jsonPath: ['http', 'status'] },
    ]);
  });

  it('lists what the stages of the query parsed, without errors', () => {
    const parsed = { first: 'GET', __error__: 'JSONParserErr', __error_details__: 'x' };
    expect(fieldsOf([{ line: 'GET /', parsed }])).toEqual([{ label: 'first', type: 'string', cardinality: 1, parsers: ['logfmt'] }]);
    expect(fieldsOf([{ line: '{"a":1}', parsed: { a: '1', other: '2' } }])).toEqual([
      { label: 'a', type: 'int', cardinality: 1, parsers: ['json'], jsonPath: ['a'] },
      { label: 'other', type: 'int', cardinality: 1, parsers: ['json'] },
    ]);
  });

  it('takes the type of the last row that it looks at: that of the last stream, the oldest', () => {
    const [a, b] = [{ app: 'a' }, { app: 'b' }];
    const typeOf = (rows: Parameters<typeof fieldsOf>[0]): string | undefined => fieldsOf(rows)[0]?.type;
    expect(typeOf([{ line: 'v=1', stream: a }, { line: 'v=x', stream: a }])).toBe('string');
    expect(typeOf([{ line: 'v=1', stream: b }, { line: 'v=x', stream: a }])).toBe('int');
    expect(typeOf([{ line: 'v=x', stream: a }, { line: 'v=1', stream: b }])).toBe('int');
    expect(typeOf([{ line: 'v=1', metadata: { v: 'x' } }])).toBe('int');
  });

  it('finds no more fields than it may', () => {
    expect(names(fieldsOf([{ line: 'a=1 b=2 c=3' }, { line: 'd=4 a=5' }], 2))).toEqual(['a', 'b']);
    expect(fieldsOf([{ line: 'a=1 b=2' }, { line: 'c=4 a=5' }], 1)).toEqual([{ label: 'a', type: 'int', cardinality: 2, parsers: ['logfmt'] }]);
  });

  it('answers the values that it counts', () => {
    const value = fc.constantFrom('1', 'x', '5m', 'a b', 'é', '');
    const line = fc.oneof(
      fc.dictionary(fc.constantFrom('a', 'b', 'c', 'app'), value).map((pairs) => JSON.stringify(pairs)),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), value).map((pairs) => Object.entries(pairs).map(([name, one]) => `${name}="${one}"`).join(' ')),
      fc.string(),
    );
    const row = fc.record({ line, stream: fc.constantFrom({ app: 'a' }, { app: 'b' }), metadata: fc.dictionary(fc.constantFrom('a', 'm'), fc.constantFrom('1', 'y')) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
        for (const { label, cardinality } of fieldsOf(rows)) {
          const values = valuesOf(label, rows);
          // Sizes are listed in one form, whichever they came in.
          expect(values.length).toBeGreaterThan(0);
          expect(values.length).toBeLessThanOrEqual(cardinality);
          if (!values.some((one) => one.endsWith('B'))) expect(values.length).toBe(cardinality);
        }
        expect(names(fieldsOf(rows))).not.toContain('app');
      }),
    );
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (lines) => {
        fieldsOf(lines.map((bytes) => ({ line: Buffer.from(bytes) })));
        fieldsOf(lines.map((bytes) => ({ line: Buffer.concat([Buffer.from('{"a":'), Buffer.from(bytes), Buffer.from('}')]) })));
      }),
    );
  });
});
