import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeLokiPush, timeUnset } from '../../../src/protocols/mod.ts';
import { expected, plainOf, pushes } from './plain.ts';
import { jsonOf } from './wire.ts';

const decode = async (text: string | Uint8Array) => decodeLokiPush({ body: Buffer.from(text as string), contentType: 'application/json' });
const entries = async (values: string) => plainOf(await decode(`{"streams":[{"stream":{"a":"b"},"values":${values}}]}`))[0]!.entries;
const lineOf = async (json: string) => Buffer.from((await entries(`[["1",${json}]]`))[0]!.line).toString('utf8');

describe('JSON push', () => {
  test('gives back what JSON.stringify wrote', async () => {
    await fc.assert(fc.asyncProperty(pushes('text'), async (streams) => {
      const body = jsonOf(streams);
      const before = Buffer.from(body);
      expect(plainOf(await decodeLokiPush({ body, contentType: 'application/json' }))).toEqual(expected(streams));
      expect(body).toEqual(before);
    }), { numRuns: 300 });
  });

  test('reads any string as JSON.parse does, however it is escaped', async () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).map((character) => JSON.stringify(character).slice(1, -1)),
      fc.integer({ min: 0, max: 0xffff }).map((code) => `\\u${code.toString(16).padStart(4, '0')}`),
      fc.constantFrom('\\/', '\\"', '\\\\', '\\b', '\\ud83d\\ude80', '\\uD83D\\uDE80'),
    );
    await fc.assert(fc.asyncProperty(fc.array(unit, { maxLength: 30 }), async (units) => {
      const json = `"${units.join('')}"`;
      const wanted = JSON.parse(json) as string;
      if (wanted.isWellFormed()) expect(await lineOf(json)).toBe(wanted);
      else await expect(lineOf(json)).rejects.toMatchObject({ code: 'push_json' });
    }), { numRuns: 1000 });
  });

  test('agrees with JSON.parse on what is JSON, in a place that is skipped', async () => {
    const mutated = fc.tuple(fc.json(), fc.array(fc.tuple(fc.nat(), fc.constantFrom(...'{}[],:"\\0123456789.-+eEtrufalsn '.split(''))), { maxLength: 3 }))
      .map(([json, changes]) => changes.reduce((text, [at, character]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + character + text.slice(place + 1);
      }, json));
    await fc.assert(fc.asyncProperty(mutated, async (json) => {
      let good = true;
      try {
        good = JSON.stringify(JSON.parse(json)) !== '' && !/\\u[dD][89a-fA-F]/.test(json);
        if (/\\u[dD][89a-fA-F]/.test(json)) return;
      } catch {
        good = false;
      }
      const decoded = decode(`{"x":${json},"streams":[]}`);
      // Text such as `1,"y":2` is no JSON by itself and yet fits here.
      if (good) await decoded;
      else await decoded.catch((error: unknown) => { expect(error).toMatchObject({ status: 400 }); });
    }), { numRuns: 1000 });
  });

  test.each([
    ['null entries are passed over', '[null,["1","x"]]', [1n]],
    ['an empty entry has no time', '[[]]', [timeUnset]],
    ['a time alone', '[["5"]]', [5n]],
    ['further elements', '[["5","x",{},"more",[1,{"a":null}]]]', [5n]],
    ['the last nanosecond', '[["9223372036854775807","x"]]', [2n ** 63n - 1n]],
    ['the first', '[["-9223372036854775808","x"]]', [-(2n ** 63n)]],
    ['nineteen digits', '[["1795358212001000001","x"]]', [1_795_358_212_001_000_001n]],
    ['nine', '[["123456789","x"]]', [123_456_789n]],
    ['a number', '[[1795358212001000001,"x"]]', [1_795_358_212_001_000_001n]],
    ['a number below 0, with blanks', '[[ -5 ,"x"]]', [-5n]],
    ['a number alone', '[[5]]', [5n]],
    ['blanks everywhere', ' [ [ "7" , "x" , { "a" : "b" } ] ] ', [7n]],
  ])('%s', async (_, values, times) => {
    expect((await entries(values)).map((entry) => entry.timeNs)).toEqual(times);
  });

  test.each([
    '""', '"+1"', '" 1"', '"1 "', '"01"', '"-"', '"0x1"', '"1.5"', '"1e3"', '"9223372036854775808"', '"-9223372036854775809"', '"99999999999999999999999"', '1.5', '1e3', '01', '+1', '-', '9223372036854775808', '99999999999999999999999', '1x', 'null', 'true', '"\\u0031"', '"2026-01-01T00:00:00Z"',
  ])('the time %s is refused', async (time) => {
    await expect(entries(`[[${time},"x"]]`)).rejects.toMatchObject({ code: 'push_json', message: expect.stringContaining('the time of an entry') });
  });

  test.each([
    ['', 'EOF'], ['   ', 'EOF'], ['hello', 'expect { or n'], ['[]', 'expect { or n'], ['nul', 'expect null'], ['\uFEFF{}', 'expect { or n'], ['{', 'unexpected'], ['{"streams" 1', 'expect : after a key'], ['{"streams":[', 'unexpected EOF'],
    ['{"streams":{}}', 'expect [ or null'], ['{"streams":[null]}', 'a stream must be an object'], ['{"streams":[{}', 'unexpected EOF'], ['{"streams":[{}]', 'unexpected EOF'], ['{"a":1,}', 'expect a string as key'], ['{"a":01}', 'not a number'], ['{"a":tru}', 'expect true'],
    ['{"a":"\\x"}', 'invalid escape'], ['{"a":"\n"}', 'control character'], ['{"streams":[{"stream":5}]}', 'labels of a stream'], ['{"streams":[{"values":"x"}]}', 'values of a stream'], ['{"streams":[{"values":["x"]}]}', 'an entry must be'],
    ['{"streams":[{"values":[["1",2]]}]}', 'line of an entry'], ['{"streams":[{"values":[["1","x",null]]}]}', 'metadata must be'], ['{"streams":[{"values":[["1","x",{"a":1}]]}]}', 'value of structured metadata'],
  ])('%j is refused', async (text, reason) => {
    await expect(decode(text)).rejects.toMatchObject({ code: 'push_json', status: 400, message: expect.stringContaining(reason) });
  });

  test('errors name the place', async () => {
    await expect(decode('{"streams":[{"values":[["1",2]]}]}')).rejects.toMatchObject({ details: { offset: 28, near: 'es":[["1",2]]}]}' } });
  });

  test.each([
    ['{"STREAMS":[{"stream":{"a":"b"}}]}', 1],
    ['{"streams":[{"stream":{"a":"b"}}],"streams":null}', 0],
    ['{"streams":[{},{}],"Streams":[{}]}', 1],
    ['{} trailing', 0],
    ['null', 0],
    ['{"str\\u0065ams":[{}]}', 1],
  ])('%s has %i streams', async (text, streams) => {
    expect((await decode(text)).streams).toHaveLength(streams);
  });

  test('of repeated keys of a stream the last counts', async () => {
    const raw = await decode('{"streams":[{"stream":{"a":"1"},"values":[["1","x",{"m":"1"}],["2","y"]],"stream":{"a":"2","b":"","a":"3"},"values":[["3","z"]],"values":null}]}');
    expect(plainOf(raw)).toEqual([{ labels: [['a', '3']], entries: [{ timeNs: 3n, line: new Uint8Array(Buffer.from('z')), metadata: [] }] }]);
  });

  test('label values are the text of any value', async () => {
    const raw = await decode('{"streams":[{"stream":{"s":"x\\n","n":1.50,"e":1e3,"t":true,"z":null,"o":{"b": [1]},"\\u0061":"é"}}]}');
    expect(Object.fromEntries(plainOf(raw)[0]!.labels)).toEqual({ s: 'x\n', n: '1.50', e: '1e3', t: 'true', z: 'null', o: '{"b": [1]}', a: 'é' });
  });

  test.each(['a-b', 'a.b', '1a', '', 'é', 'a="1",b', 'a b'])('the label name %j is refused', async (name) => {
    await expect(decode(JSON.stringify({ streams: [{ stream: { app: 'x', [name]: 'v' } }] }))).rejects.toMatchObject({ code: 'push_labels', status: 400 });
  });

  test('nesting is limited', async () => {
    const nested = (depth: number) => `{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    await decode(nested(256));
    await expect(decode(nested(257))).rejects.toMatchObject({ code: 'push_json', message: expect.stringContaining('push.json_depth_max') });
    await expect(decode(`{"x":${'{"a":'.repeat(1_000_000)}`)).rejects.toMatchObject({ code: 'push_json' });
  });
});
