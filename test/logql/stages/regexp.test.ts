import { describe, expect, it } from 'vitest';
import { by, labelsOf } from './run.ts';

const nginx = '10.0.1.19 - bob [15/Jan/2026:01:02:56 +0000] "POST /static/app.js?x=1 HTTP/2.0" 200 5374 "-"';

describe('regexp evaluates', () => {
  it.each<[pattern: string, line: string, labels: Readonly<Record<string, string>>]>([
    ['^(?P<ip>\\S+) - (?P<user>\\S+)', nginx, { ip: '10.0.1.19', user: 'bob' }],
    ['(?<ip>\\S+)', nginx, { ip: '10.0.1.19' }],
    ['"(?P<method>\\w+) (?P<path>[^ ?]+)(\\?(?P<qs>\\S+))?', nginx, { method: 'POST', path: '/static/app.js', qs: 'x=1' }],
    ['nomatch(?P<x>y)', nginx, {}],
    ['a(?P<x>b)?(?P<y>c)?', 'ac', { x: '', y: 'c' }],
    ['(?s)(?P<head>.*?)\n(?P<rest>.*)', 'one\ntwo\nthree', { head: 'one', rest: 'two\nthree' }],
    ['(?P<a>\\d+) (\\d+)', '1 2', { a: '1' }],
    ['(?P<x>^$)', '', { x: '' }],
  ])('%s', (pattern, line, labels) => {
    expect(labelsOf(`| regexp \`${pattern}\``, line)).toEqual(labels);
  });
});

describe('regexp tells errors', () => {
  it('sets none', () => {
    expect(labelsOf('| regexp `(?P<x>\\d+)`', 'none')).toEqual({});
  });
});

describe('regexp at the edges', () => {
  it('renames what clashes and keeps what was parsed before', () => {
    const given = { stream: { app: 'shop' }, metadata: { t: 'x' } };
    expect(labelsOf('| logfmt | regexp `a=(?P<a>.).*(?P<app>z)(?P<t>y)`', 'a=12 zy', given)).toEqual({ a: '12', app_extracted: 'z', t: 'x', t_extracted: 'y' });
  });

  it('makes wanted labels only', () => {
    expect(labelsOf('| regexp `(?P<a>.)(?P<b>.)`', 'xy', { needs: by('b') })).toEqual({ b: 'y' });
  });

  it('drops a row whose label fails a later filter on it', () => {
    expect(labelsOf('| regexp `(?P<a>.)` | label_format a="2" | a="2"', '1')).toBeNull();
  });

  it('takes bytes that are no UTF-8', () => {
    expect(labelsOf('| regexp `x(?P<a>.)y`', Buffer.from([0x78, 0xff, 0x79]))).toEqual({ a: '\ufffd' });
  });

  it('takes linear time', () => {
    expect(labelsOf('| regexp `(?P<a>(x+x+)+)y`', 'x'.repeat(20_000))).toEqual({});
  });
});
