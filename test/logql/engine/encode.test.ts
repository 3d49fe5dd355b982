import { describe, expect, test } from 'vitest';
import { encodeQueryResult } from '../../../src/logql/engine/encode.ts';
import { JsonWriter } from '../../../src/logql/engine/json.ts';
import { encodeTailFrame } from '../../../src/logql/engine/streams.ts';
import type { MatrixResult, ResultRow, ScalarResult, StreamsResult, VectorResult } from '../../../src/logql/engine/types.ts';
import type { OutputLabels } from '../../../src/logql/source.ts';
import { formatGoFloat, formatGoGeneral } from '../../../src/logql/syntax/numbers.ts';
import { labelSet } from '../../../src/model/mod.ts';
import { matrixOf } from './matrices.ts';

const stats = { rows: 3, bytes: 30, rowsMatched: 2, elapsedMs: 10, returned: 2 };

function encode(result: StreamsResult | MatrixResult | VectorResult | ScalarResult, categorizeLabels = false, warnings: readonly string[] = []): string {
  return Buffer.concat([...encodeQueryResult({ ...result, stats, warnings }, { categorizeLabels })]).toString('utf8');
}

const streams: StreamsResult = {
  resultType: 'streams',
  labels: [
    { stream: labelSet([['b', '2']]), structuredMetadata: [], parsed: [] },
    { stream: labelSet([['a', '1']]), structuredMetadata: labelSet([['m', 'x']]), parsed: labelSet([['p', 'y"']]) },
    { stream: labelSet([['a', '1']]), structuredMetadata: [], parsed: labelSet([['m', 'x'], ['p', 'y"']]) },
  ],
  rows: [
    { timeNs: 1_700_000_000_000_000_003n, labels: 0, line: Buffer.from('third') },
    { timeNs: 1_700_000_000_000_000_002n, labels: 1, line: Buffer.from('sec"ond\n\u0001') },
    { timeNs: 1_700_000_000_000_000_001n, labels: 2, line: Buffer.from([0x66, 0xff, 0xc3, 0x28]) },
  ],
};

describe('streams', () => {
  test('have all labels together, in the order of the labels, rows in their order', () => {
    const text = encode(streams);
    expect(text.startsWith('{"status":"success","data":{"resultType":"streams","result":[{"stream":{"a":"1","m":"x","p":"y\\""},"values":[["1700000000000000002","sec\\"ond\\n\\u0001"],')).toBe(true);
    expect(JSON.parse(text)).toMatchObject({
      data: {
        result: [
          { stream: { a: '1', m: 'x', p: 'y"' }, values: [['1700000000000000002', 'sec"ond\n\u0001'], ['1700000000000000001', 'f\ufffd\ufffd(']] },
          { stream: { b: '2' }, values: [['1700000000000000003', 'third']] },
        ],
        stats: { summary: { totalLinesProcessed: 3, totalBytesProcessed: 30, linesProcessedPerSecond: 300, totalEntriesReturned: 2, totalPostFilterLines: 2 } },
      },
    });
  });

  test('categorised, rows of one stream and time stand by their other labels, those with the same labels in their order', () => {
    const stream = labelSet([['a', '1']]);
    const ofTrace = (trace: string): OutputLabels => ({ stream, structuredMetadata: labelSet([['trace', trace]]), parsed: [] });
    const row = (timeNs: bigint, labels: number, line: string): ResultRow => ({ timeNs, labels, line: Buffer.from(line) });
    const tied: StreamsResult = {
      resultType: 'streams',
      labels: [ofTrace('y'), { stream, structuredMetadata: [], parsed: [] }, ofTrace('x')],
      rows: [row(9n, 0, 'last'), row(5n, 0, '3'), row(5n, 1, '5'), row(5n, 2, '1'), row(5n, 0, '4'), row(5n, 2, '2'), row(4n, 2, 'first')],
    };
    const lines = (categorize: boolean): string[] => (JSON.parse(encode(tied, categorize)) as { data: { result: { values: [string, string][] }[] } }).data.result.map(({ values }) => values.map(([, line]) => line).join(' '));
    // {a="1", trace="x"} < {a="1", trace="y"} < {a="1"}: the brace stands after the comma.
    expect(lines(true)).toEqual(['last 1 2 3 4 5 first']);
    expect(lines(false)).toEqual(['5', '1 2 first', 'last 3 4']);
  });

  test('categorised, they have the labels of the stream, and the others stand beside the line', () => {
    const text = encode(streams, true, ['something']);
    expect(text.startsWith('{"status":"success","warnings":["something"],"data":{"resultType":"streams","encodingFlags":["categorize-labels"],"result":[{"stream":{"a":"1"},')).toBe(true);
    expect(JSON.parse(text)).toMatchObject({
      data: {
        result: [
          {
            stream: { a: '1' },
            values: [
              ['1700000000000000002', 'sec"ond\n\u0001', { structuredMetadata: { m: 'x' }, parsed: { p: 'y"' } }],
              ['1700000000000000001', 'f\ufffd\ufffd(', { parsed: { m: 'x', p: 'y"' } }],
            ],
          },
          { stream: { b: '2' }, values: [['1700000000000000003', 'third', {}]] },
        ],
      },
    });
  });

  test('come in chunks, however long lines are', () => {
    const line = Buffer.alloc(100_000, 'é"');
    const rows = Array.from({ length: 20 }, (_, i) => ({ timeNs: BigInt(i), labels: 0, line }));
    const chunks = [...encodeQueryResult({ ...streams, rows, stats, warnings: [] })];
    expect(chunks.length).toBeGreaterThan(20);
    const parsed = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { data: { result: { values: [string, string][] }[] } };
    expect(parsed.data.result[0]?.values).toHaveLength(20);
    expect(parsed.data.result[0]?.values[19]?.[1]).toBe(line.toString('utf8'));
  });

  test('a frame of tail', () => {
    const rows = streams.rows.map((row, index) => ({ ...row, position: 1, index, partition: 0 }));
    const frame = encodeTailFrame({ labels: streams.labels, rows: rows.slice(0, 1) });
    expect(frame).toBe('{"streams":[{"stream":{"b":"2"},"values":[["1700000000000000003","third"]]}],"dropped_entries":null}');
  });
});

describe('metrics', () => {
  test('a matrix leaves out what is not there', () => {
    const text = encode({ resultType: 'matrix', startNs: 1_700_000_000_500_000_000n, stepNs: 250_000_000n, matrix: matrixOf({ 'a=1': [1, null, Infinity], '': [NaN, 1e21, 1e-7] }) });
    expect(text).toContain(
      '"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[[1700000000.5,"1"],[1700000001,"+Inf"]]},{"metric":{},"values":[[1700000000.5,"NaN"],[1700000000.75,"1000000000000000000000"],[1700000001,"0.0000001"]]}],"stats"',
    );
  });

  test('a vector and a scalar', () => {
    expect(encode({ resultType: 'vector', timeNs: 1_700_000_000_123_456_789n, samples: [{ labels: labelSet([['a', '1']]), value: -0.5 }] })).toContain('"result":[{"metric":{"a":"1"},"value":[1700000000.123,"-0.5"]}]');
    expect(encode({ resultType: 'scalar', timeNs: 1_700_000_000_000_000_000n, value: 2 })).toContain('"resultType":"scalar","result":[1700000000000,"2"]');
  });
});

describe('numbers as Go writes them', () => {
  const cases: readonly (readonly [number, string, string])[] = [
    [0, '0', '0'],
    [-0, '-0', '-0'],
    [0.1, '0.1', '0.1'],
    [123456, '123456', '123456'],
    [1e6, '1000000', '1e+06'],
    [1234567.5, '1234567.5', '1.2345675e+06'],
    [1e20, '100000000000000000000', '1e+20'],
    [1e21, '1000000000000000000000', '1e+21'],
    [1.5e-7, '0.00000015', '1.5e-07'],
    [0.0001, '0.0001', '0.0001'],
    [0.00009, '0.00009', '9e-05'],
    [-1.234e25, '-12340000000000000000000000', '-1.234e+25'],
    [5e-324, `0.${'0'.repeat(323)}5`, '5e-324'],
    [-Infinity, '-Inf', '-Inf'],
  ];
  test.each(cases)('%d', (value, plain, general) => {
    expect(formatGoFloat(value)).toBe(plain);
    expect(formatGoGeneral(value)).toBe(general);
  });
});

describe('JsonWriter', () => {
  const written = (bytes: Uint8Array): string => Buffer.concat([...new JsonWriter(16).bytes(bytes).takeRest()]).toString('utf8');
  const cases: readonly (readonly [string, readonly number[], string])[] = [
    ['well-formed characters', [0xe6, 0xbc, 0xa2, 0xf0, 0x9f, 0x98, 0x80, 0xc3, 0xa9], '漢😀é'],
    ['a lone continuation', [0x80], '\ufffd'],
    ['a cut character', [0xe6, 0xbc], '\ufffd\ufffd'],
    ['an overlong form', [0xc0, 0xaf], '\ufffd\ufffd'],
    ['a surrogate', [0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
    ['control characters', [0, 8, 9, 10, 12, 13, 0x1f, 0x7f], '\u0000\b\t\n\f\r\u001f\u007f'],
    ['quotes and backslashes', [0x22, 0x5c, 0x22], '"\\"'],
  ];
  test.each(cases)('%s', (_name, bytes, want) => {
    expect(JSON.parse(written(Uint8Array.from(bytes)))).toBe(want);
  });

  test('lone surrogates in strings become U+FFFD', () => {
    expect(Buffer.concat([...new JsonWriter().string('a\ud800b').takeRest()]).toString('utf8')).toBe('"a\ufffdb"');
  });
});
