import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allLabels, type LabelNeeds } from '../../../src/logql/stages/hints.ts';
import { parseExactly } from '../../../src/logql/stages/json-exact.ts';
import { JsonKeys } from '../../../src/logql/stages/json-keys.ts';
import { LabelsBuilder } from '../../../src/logql/stages/labels-builder.ts';
import { by, labelsOf, Pipeline } from './run.ts';

const error = (details: string, found: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
  ...found,
  __error__: 'JSONParserErr',
  __error_details__: details,
});
const noObject = "Value looks like object, but can't find closing '}' symbol";

describe('json evaluates', () => {
  it.each<[line: string, labels: Readonly<Record<string, string>>]>([
    ['{"a":1,"b":"two","c":true,"d":false,"e":null}', { a: '1', b: 'two', c: 'true', d: 'false' }],
    ['{"a":{"b":{"c":"deep"}},"d":"x"}', { a_b_c: 'deep', d: 'x' }],
    ['{"i":-0,"f":1E+10,"g":12345678901234567890,"h":5.0}', { i: '-0', f: '1E+10', g: '12345678901234567890', h: '5.0' }],
    ['{"empty":"","o":{},"arr":[1,{"x":"}"}],"z":"end"}', { empty: '', z: 'end' }],
    ['{"a.b":"dot","a-b":"dash","1a":"digit","_x":"under","Ünï":"u"}', { a_b: 'dot', _1a: 'digit', _x: 'under', _n_: 'u' }],
    [String.raw`{"esc":"a\"b\\c\/\n\t\u00e9\ud83d\ude80"}`, { esc: 'a"b\\c/\n\té🚀' }],
    [String.raw`{"bad key\u0020esc":"v","quote\"key":"q"}`, { bad_key_esc: 'v', quote_key: 'q' }],
    ['{"dup":"first","dup":"second"}', { dup: 'first' }],
    ['{"a":{"b":"nested"},"a_b":"flat"}', { a_b: 'nested' }],
    ['  { "a" : "b" , "c" : [ ] }  ', { a: 'b' }],
    ['{"a":"b"} and text behind it', { a: 'b' }],
    ['{"a":"b",}', { a: 'b' }],
    ['{}', {}],
  ])('%s', (line, labels) => {
    expect(labelsOf('| json', line)).toEqual(labels);
  });

  it('puts _extracted behind names of the stream and of structured metadata', () => {
    const given = { stream: { app: 'shop', cluster_name: 'x' }, metadata: { trace: 'abc' } };
    const line = '{"app":"other","trace":"def","cluster":{"name":"nested"}}';
    expect(labelsOf('| json', line, given)).toEqual({ app_extracted: 'other', trace: 'abc', trace_extracted: 'def', cluster_name_extracted: 'nested' });
  });

  it.each<[stages: string, line: string, labels: Readonly<Record<string, string>>]>([
    ['| json v="a.b[1].c"', '{"a":{"b":[0,{"c":"found"}]}}', { v: 'found' }],
    ['| json v="a[0]", w="[\\"x y\\"]"', '{"a":["first"],"x y":1}', { v: 'first', w: '1' }],
    ['| json v="a"', '{"a":{"b": [1, 2]}}', { v: '{"b": [1, 2]}' }],
    ['| json v="a"', String.raw`{"a":["x\"y"]}`, { v: '["x"y"]' }],
    ['| json v="missing", w="n"', '{"a":1,"n":null}', { v: '', w: '' }],
    ['| json d="dup"', '{"dup":"first","dup":"second"}', { d: 'first' }],
    ['| json x="a", x="b"', '{"a":1,"b":2}', { x: '2' }],
    ['| json x="[0]"', '["first", 2]', { x: 'first' }],
    ['| json a="[1][0]"', '[1,["in"]]', { a: 'in' }],
    ['| json a="b[0].c[1].d"', '{"b":[{"x":{"c":0},"c":[1,{"d":"deep"}]}]}', { a: 'deep' }],
    ['| json t="trail"', '{"trail":1} x', { t: '1' }],
    ['| json s="x"', '"just a string"', { s: '' }],
  ])('%s of %s', (stages, line, labels) => {
    expect(labelsOf(stages, line)).toEqual(labels);
  });

  it('renames an extraction that clashes', () => {
    expect(labelsOf('| json app, t="trace"', '{"app":"other","trace":1}', { stream: { app: 'shop' }, metadata: { t: 'x' } })).toEqual({ app_extracted: 'other', t: 'x', t_extracted: '1' });
  });
});

describe('json tells errors', () => {
  it.each<[line: string, labels: Readonly<Record<string, string>>]>([
    ['not json', error(noObject)],
    ['', error(noObject)],
    ['[1]', error(noObject)],
    ['{', error('Malformed JSON error')],
    ['{"a":"x","b', error('Malformed JSON error', { a: 'x' })],
    ['{"a":"x","b":', error('Malformed JSON error', { a: 'x' })],
    ['{"a":"x","b":"open', error("Value is string, but can't find closing '\"' symbol", { a: 'x' })],
    ['{"a":1,"x":1', error("Value is array, but can't find closing ']' symbol", { a: '1', x: '1' })],
    ['{"a":1 "b":2}', error(noObject, { a: '1' })],
    ['{"a":word}', error('Unknown value type')],
    ['{"a":[1}', error("Value is array, but can't find closing ']' symbol")],
    ['{"a":1,"o":{"b":2,"c":', error(noObject, { a: '1' })],
    ['{"o":{"b":2,"c":x}}', error('Unknown value type', { o_b: '2' })],
    [String.raw`{"a\x":1}`, error('Encountered an invalid escape sequence in a string')],
  ])('%s', (line, labels) => {
    expect(labelsOf('| json', line)).toEqual(labels);
  });

  it('tells no details where a line cannot be JSON for extractions', () => {
    expect(labelsOf('| json x="a"', 'plain')).toEqual({ __error__: 'JSONParserErr' });
    expect(labelsOf('| json x="a"', '{"b":"open')).toEqual({ x: '' });
    expect(labelsOf('| json x="a"', '{"a":"open')).toEqual(error("Value is string, but can't find closing '\"' symbol", { x: '' }));
    expect(labelsOf('| json x="a"', '{"a":word ,"b":"c"}')).toEqual(error('Unknown value type', { x: '' }));
    expect(labelsOf('| json x="a"', '"a": 1')).toEqual(error('Malformed JSON error', { x: '' }));
  });
});

describe('json at the edges', () => {
  it('gives an empty value where an escape is wrong, and spaces for what is no UTF-8', () => {
    expect(labelsOf('| json', String.raw`{"a":"x\q","b":"\ud800","c":"\ufffd!"}`)).toEqual({ a: '', b: '', c: ' !' });
    expect(labelsOf('| json', Buffer.from([...Buffer.from('{"a":"x'), 0xff, 0xfe, ...Buffer.from('"}')]))).toEqual({ a: 'x  ' });
  });

  it('stops without looking further once all wanted labels were made, but not inside an object that does not end', () => {
    const wanted = new Pipeline('| json', { needs: by('level') });
    expect(wanted.run('{"level":"info","rest":')).toEqual({ labels: { level: 'info' }, line: '{"level":"info","rest":' });
    const nested = new Pipeline('| json', { needs: by('http_status') });
    expect(nested.run('{"http":{"status":200,"x":1},"rest":').labels).toEqual({ http_status: '200' });
    expect(nested.run('{"http":{"status":200,"x":1').labels).toEqual(error(noObject));
    expect(nested.run('{"other":{"status":200},"http":{"x":"}","status":404}}').labels).toEqual({ http_status: '404' });
  });

  it('drops a row as soon as a label fails a later filter on it', () => {
    expect(labelsOf('| json | level="error"', '{"level":"info","x":')).toBeNull();
    expect(labelsOf('| json | label_format level="error" | level="error"', '{"level":"info"}')).toBeNull();
    expect(labelsOf('| json | label_format v="7" | v > 5', '{"v":"abc"}')).toMatchObject({ v: '7', __error__: 'LabelFilterErr' });
    expect(labelsOf('| json | level="error" or x="1"', '{"level":"info","x":1}')).toEqual({ level: 'info', x: '1' });
  });

  it('forgets keys and names when there are too many', () => {
    const pipeline = new Pipeline('| json', { stream: { app: 'shop' } });
    for (let i = 0; i < 70_000; i++) pipeline.process(`{"key${i}":"${i}","app":"x"}`);
    expect(pipeline.run('{"key1":"one","app":"x"}').labels).toEqual({ key1: 'one', app_extracted: 'x' });
  });

  it('agrees with JSON.parse on all JSON', () => {
    const pipeline = new Pipeline('| json');
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), fc.integer({ min: 0, max: 3 }), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(pipeline.run(text).labels).toEqual(flatten(JSON.parse(text) as object));
      }),
    );
  });

  it.each(['| json', '| json a="x[0].y", b="z", c="[1]"', '| unpack'])('takes any bytes: %s', (stages) => {
    const pipeline = new Pipeline(stages);
    const pieces = fc.array(fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', '\\"', ' ', '1', '-', 'true', 'null', '"x":', '"z":', '"y"', '\\u12', 'é', '\n'), { maxLength: 60 });
    fc.assert(
      fc.property(fc.oneof(pieces.map((some) => Buffer.from(some.join(''))), fc.uint8Array({ maxLength: 200 })), (line) => {
        const { labels } = pipeline.run(line);
        expect(labels).not.toBeNull();
      }),
      { numRuns: 2000 },
    );
  });

  it.each<[name: string, needs: LabelNeeds]>([
    ['all labels', allLabels],
    ['one label', by('a_b')],
    ['two labels', by('b', 'a_a_b')],
  ])('agrees in one pass with the exact parser on damaged lines: %s', (_, needs) => {
    const pipeline = new Pipeline('| json', { needs, stream: { c: 'x' } });
    const labels = new LabelsBuilder(needs);
    const keys = new JsonKeys(labels);
    labels.resetStream([{ name: 'c', value: 'x' }]);
    const key = fc.constantFrom('a', 'b', 'c', 'a b');
    const { value } = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, fc.constantFrom('x', '}', '\\', 'q"', 1, true, null), fc.array(tie('value'), { maxLength: 2 }), tie('object')),
      object: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    }));
    const edit = fc.record({ at: fc.nat(), cut: fc.nat({ max: 3 }), text: fc.constantFrom('', '', '{', '}', '"', '[', ']', ',', ':', '\\', '1"', ' ') });
    fc.assert(
      fc.property(fc.dictionary(key, value), fc.array(edit, { maxLength: 2 }), (object, edits) => {
        let line = JSON.stringify(object);
        for (const { at, cut, text } of edits) {
          const place = at % (line.length + 1);
          line = line.slice(0, place) + text + line.slice(place + cut);
        }
        const fast = pipeline.run(line).labels;
        labels.resetRow(null, 0, 0);
        keys.begin();
        parseExactly(Buffer.from(line), 0, Buffer.byteLength(line), keys, labels);
        expect(fast, line).toEqual(Object.fromEntries(labels.result().parsed.map((label) => [label.name, label.value])));
      }),
      { numRuns: 5000 },
    );
  });

  it('gives the same answer for lines that are cut anywhere, whether or not it stops early', () => {
    const line = Buffer.from('{"a":1,"o":{"b":"x}","p":{"c":[1,{"d":2}],"e":"f"}},"z":{"y":"last"}}');
    const all = new Pipeline('| json');
    const some = new Pipeline('| json', { needs: by('o_p_e') });
    for (let length = 0; length <= line.length; length++) {
      const cut = line.subarray(0, length);
      expect(some.run(cut).labels?.['o_p_e'], cut.toString()).toBe(all.run(cut).labels?.['o_p_e']);
    }
  });

  it('bounds the work of deep nesting', () => {
    const depth = 50_000;
    const open = '{"a":'.repeat(depth);
    expect(labelsOf('| json', open)).toEqual(error(noObject));
    expect(labelsOf('| json', `${open}1${'}'.repeat(depth)}`)).toEqual(error('objects are nested more than 1000 deep'));
    expect(labelsOf('| json v="a.a"', `${open}1${'}'.repeat(depth)}`)?.['v']?.length).toBeGreaterThan(depth);
    expect(Object.values(labelsOf('| json', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`) ?? {})).toEqual(['1']);
  });
});

/** The labels of a parsed object, in the order of its text; the first of a name counts. */
function flatten(value: object): Record<string, string> {
  const labels = new Map<string, string>();
  const visit = (object: object, prefix: string, nested: boolean): void => {
    for (const [key, member] of Object.entries(object) as [string, unknown][]) {
      const part = key.replaceAll(/^[\s\u0085]+|[\s\u0085]+$/gu, '').replaceAll(/[^a-zA-Z0-9_]/gu, '_');
      const own = (prefix === '' && /^\d/.test(part) ? '_' : '') + part;
      const name = prefix === '' ? own : own === '' ? prefix : `${prefix}_${own}`;
      if (typeof member === 'object' && member !== null && !Array.isArray(member)) visit(member, name, true);
      else if (member !== null && typeof member !== 'object' && (name !== '' || nested) && !labels.has(name)) labels.set(name, text(member));
    }
  };
  visit(value, '', false);
  return Object.fromEntries(labels);
}

function text(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return value.isWellFormed() ? value.replaceAll('\ufffd', ' ') : '';
}
