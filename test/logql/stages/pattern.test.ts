import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { by, labelsOf, Pipeline } from './run.ts';

const nginx = '10.0.1.19 - bob [15/Jan/2026:01:02:56 +0000] "POST /static/app.js HTTP/2.0" 200 5374 "-" "curl" 0.021';

describe('pattern evaluates', () => {
  it.each<[pattern: string, line: string, labels: Readonly<Record<string, string>>]>([
    ['<ip> - <user> [<_>] "<method> <path> <_>" <status> <size> <_>', nginx, { ip: '10.0.1.19', user: 'bob', method: 'POST', path: '/static/app.js', status: '200', size: '5374' }],
    ['<_> "<method> <_>" <status> <_>', nginx, { method: 'POST', status: '200' }],
    ['<a> <', 'x <y', { a: 'x' }],
    ['<a b> <c>', '<a b> z', { c: 'z' }],
    ['level=<level> <_>', 'level=info x', { level: 'info' }],
    ['<all>', 'whole line', { all: 'whole line' }],
  ])('%s', (pattern, line, labels) => {
    expect(labelsOf(`| pattern \`${pattern}\``, line)).toEqual(labels);
  });
});

describe('pattern tells errors', () => {
  it('sets none', () => {
    expect(labelsOf('| pattern `nomatch <x> here`', nginx)).toEqual({});
  });
});

describe('pattern at the edges', () => {
  it.each<[pattern: string, line: string, labels: Readonly<Record<string, string>>]>([
    ['<a>, <b>', 'only one', { a: 'only one' }],
    ['<a>, <b>', 'one, ', { a: 'one', b: '' }],
    ['<a>, <b>', ', two', { a: '', b: 'two' }],
    ['x<a>', 'yx', {}],
    ['<a>', '', {}],
    ['<a> - <b> - <c>', '1 - 2', { a: '1', b: '2' }],
    ['<a>é<b>', 'zéx', { a: 'z', b: 'x' }],
  ])('%s of %j', (pattern, line, labels) => {
    expect(labelsOf(`| pattern \`${pattern}\``, line)).toEqual(labels);
  });

  it('renames what clashes, makes wanted labels only, and asks later filters', () => {
    expect(labelsOf('| pattern `<a> <app>`', '1 2', { stream: { app: 'shop' } })).toEqual({ a: '1', app_extracted: '2' });
    expect(labelsOf('| pattern `<a> <b>`', '1 2', { needs: by('b') })).toEqual({ b: '2' });
    expect(labelsOf('| pattern `<a> <b>` | label_format a="x" | a="x"', '1 2')).toBeNull();
  });

  it('takes any bytes', () => {
    const pipeline = new Pipeline('| pattern `<a> - <b>-<_> <c>`');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (line) => {
        expect(pipeline.run(line).labels).not.toBeNull();
      }),
    );
  });
});
