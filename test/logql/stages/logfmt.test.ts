import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { by, labelsOf, Pipeline } from './run.ts';

const error = (at: number, reason: string, found: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
  ...found,
  __error__: 'LogfmtParserErr',
  __error_details__: `logfmt syntax error at pos ${at} : ${reason}`,
});

describe('logfmt evaluates', () => {
  it.each<[stages: string, line: string, labels: Readonly<Record<string, string>>]>([
    ['| logfmt', 'a=1 b=two c="three four"', { a: '1', b: 'two', c: 'three four' }],
    ['| logfmt', 'a=1 d= e="" f', { a: '1' }],
    ['| logfmt --keep-empty', 'a=1 d= e="" f', { a: '1', d: '', e: '', f: '' }],
    ['| logfmt', String.raw`q="with \"inner\" quotes" nl="line\nbreak" tab="a\tb" back="c:\\dir" u="\u00e9\ud83d\ude80" s="it\'s"`,
      { q: 'with "inner" quotes', nl: 'line\nbreak', tab: 'a\tb', back: 'c:\\dir', u: 'é🚀', s: "it's" }],
    ['| logfmt', 'dup=first dup=second', { dup: 'first' }],
    ['| logfmt', 'a.b=dot a-b=dash 1a=digit url=http://x/y', { a_b: 'dot', _1a: 'digit', url: 'http://x/y' }],
    ['| logfmt', 'uni=żółć emoji=🚀', { uni: 'żółć', emoji: '🚀' }],
    ['| logfmt', '\ta=1\u0001\u0002b=2  c=3\n', { a: '1', b: '2', c: '3' }],
    ['| logfmt', 'a="x"b=2', { a: 'x', b: '2' }],
    ['| logfmt a, x="b"', 'a=1 b=2 c=3', { a: '1', x: '2' }],
    ['| logfmt a, z="missing"', 'a= b=2', { a: '', z: '' }],
    ['| logfmt d="dup"', 'dup=first dup=second', { d: 'second' }],
    ['| logfmt d=`"a_b"`', 'a.b=1', { d: '1' }],
    ['| logfmt x="a", x="b"', 'a=1 b=2', { x: '2' }],
    ['| logfmt x="a"', 'a=1 x=5', { x: '5' }],
    ['| logfmt x="a", y="a"', 'a=1', { x: '1', y: '1' }],
    ['| logfmt | logfmt', 'a=1', { a: '1' }],
  ])('%s of %s', (stages, line, labels) => {
    expect(labelsOf(stages, line)).toEqual(labels);
  });

  it('puts _extracted behind names of the stream and of structured metadata', () => {
    const given = { stream: { app: 'shop' }, metadata: { trace: 'abc' } };
    expect(labelsOf('| logfmt', 'app=other trace=def', given)).toEqual({ app_extracted: 'other', trace: 'abc', trace_extracted: 'def' });
    expect(labelsOf('| logfmt app, x="trace"', 'app=other trace=def', given)).toEqual({ app_extracted: 'other', trace: 'abc', x: 'def' });
  });
});

describe('logfmt tells errors', () => {
  it.each<[line: string, lenient: Readonly<Record<string, string>>, strict: Readonly<Record<string, string>>]>([
    ['foo=bar baz="un closed ok=1', { foo: 'bar' }, error(28, 'unterminated quoted value', { foo: 'bar' })],
    ['a=1 bad"key=x b=2', { a: '1', b: '2' }, error(8, `unexpected '"'`, { a: '1' })],
    ['=nokey b=2', { b: '2' }, error(1, "unexpected '='")],
    ['eq=a=b c=1', { c: '1' }, error(5, "unexpected '='")],
    ['"key with space"=x b=2', { with: '', b: '2' }, error(1, `unexpected '"'`)],
    [String.raw`a="\q" b=2`, { b: '2' }, error(7, 'invalid quoted value')],
    ['k\ufffd=1 b=2', { b: '2' }, error(5, 'invalid key')],
    ['k\ufffd b=2', { b: '2' }, error(5, 'invalid key')],
  ])('%s', (line, lenient, strict) => {
    const expected = Object.fromEntries(Object.entries(lenient).filter(([, value]) => value !== ''));
    expect(labelsOf('| logfmt', line)).toEqual(expected);
    expect(labelsOf('| logfmt --strict', line)).toEqual(strict);
  });

  it('tells them for extractions too', () => {
    expect(labelsOf('| logfmt --strict a', 'a=1 "x" a=2')).toEqual(error(5, `unexpected '"'`, { a: '1' }));
    expect(labelsOf('| logfmt a', 'a=1 "x" a=2')).toEqual({ a: '2' });
    expect(labelsOf('| logfmt --strict a', String.raw`b="\q" a=2`)).toEqual(error(7, 'invalid quoted value', { a: '' }));
  });
});

describe('logfmt at the edges', () => {
  it('makes spaces of what is no UTF-8 in values, nothing of them in extractions', () => {
    const line = Buffer.from([...Buffer.from('a=x'), 0xff, 0xfe, ...Buffer.from(' b="\ufffd" c="\\ud800"')]);
    expect(labelsOf('| logfmt', line)).toEqual({ a: 'x  ', b: ' ', c: ' ' });
    expect(labelsOf('| logfmt a, b, c', line)).toEqual({ a: '', b: '', c: '' });
  });

  it('stops once all wanted labels were made', () => {
    expect(labelsOf('| logfmt --strict', 'level=info "x', { needs: by('level') })).toEqual({ level: 'info' });
    expect(labelsOf('| logfmt', 'a=1 level=info b=2', { needs: by('level', 'b') })).toEqual({ level: 'info', b: '2' });
  });

  it('drops a row as soon as a label fails a later filter on it', () => {
    expect(labelsOf('| logfmt | label_format level="error" | level="error"', 'level=info')).toBeNull();
    expect(labelsOf('| logfmt | label_format level=status | level=200', 'level=info status=200')).toMatchObject({ level: '200', __error__: 'LabelFilterErr' });
    expect(labelsOf('| logfmt --strict | __error__=""', 'a=1 "')).toBeNull();
  });

  it('reads back what was written', () => {
    const pipeline = new Pipeline('| logfmt --strict --keep-empty');
    const key = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/);
    const value = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\ufffd') && text.isWellFormed());
    fc.assert(
      fc.property(fc.dictionary(key, value), (pairs) => {
        const line = Object.entries(pairs).map(([name, text]) => `${name}=${/^[\w.-]+$/.test(text) ? text : JSON.stringify(text)}`);
        expect(pipeline.run(line.join(' ')).labels).toEqual({ ...pairs });
      }),
    );
  });

  it.each(['| logfmt', '| logfmt --strict --keep-empty', '| logfmt --strict a="x", b'])('takes any bytes: %s', (stages) => {
    const pipeline = new Pipeline(stages);
    const pieces = fc.array(fc.constantFrom('a', 'x', 'b', '=', '"', '\\', ' ', '\\"', '\\u00', 'é', '\t', '1'), { maxLength: 50 });
    fc.assert(
      fc.property(fc.oneof(pieces.map((some) => Buffer.from(some.join(''))), fc.uint8Array({ maxLength: 200 })), (line) => {
        expect(pipeline.run(line).labels).not.toBeNull();
      }),
      { numRuns: 2000 },
    );
  });
});
