import { describe, expect, it } from 'vitest';
import { judge, refusalKind } from '../../../agent/ship/answer.ts';

describe('judge', () => {
  it.each<[number, string, string, object]>([
    [204, '', '', { kind: 'delivered' }],
    [200, '', '', { kind: 'delivered' }],
    [202, '', '', { kind: 'delivered' }],
    [260, '', 'blocked', { kind: 'retry', loud: true, reason: '260 blocked' }],
    [400, 'text/plain', 'entry with timestamp 2020 ignored\nuser x, total ignored: 3 out of 10 for stream: {a="b"}\nuser x, total ignored: 2 out of 9 for stream', { kind: 'poisoned', refused: 5 }],
    [400, 'text/plain', '7 errors like: too old', { kind: 'poisoned', refused: 7 }],
    [400, 'text/plain; charset=utf-8', 'line too long', { kind: 'poisoned', refused: undefined, reason: '400 line too long' }],
    [422, 'text/plain', 'no', { kind: 'poisoned', refused: undefined }],
    [400, 'text/html', '<h1>The plain HTTP request was sent to HTTPS port</h1>', { kind: 'retry', loud: true }],
    [401, 'text/plain', 'no org id', { kind: 'retry', loud: true }],
    [403, '', '', { kind: 'retry', loud: true }],
    [404, '', '', { kind: 'retry', loud: true }],
    [302, '', '', { kind: 'retry', loud: true }],
    [408, '', '', { kind: 'retry', loud: false }],
    [413, '', '', { kind: 'too-large' }],
    [429, '', '', { kind: 'retry', loud: false, retryAfterMs: 7000 }],
    [500, '', '', { kind: 'retry', loud: false }],
    [503, '', '', { kind: 'retry', loud: false }],
  ])('%i %s %j', (status, contentType, body, outcome) => {
    expect(judge({ status, contentType, retryAfter: '7', body: Buffer.from(body) }, 0)).toMatchObject(outcome);
  });

  it.each([
    ['400 entry for stream has timestamp too old: 2020', 'too_old'], ['400 has timestamp too new', 'too_new'], ['400 entry too far behind', 'too_far_behind'],
    ["400 Max entry size '262144' bytes exceeded", 'line_too_long'], ['400 couldn’t parse labels', 'labels'], ['413 request body too large', 'too_large'],
    ['400 mapper_parsing_exception: no', 'mapping'], ['422 what', 'http_422'], ['', 'http_other'],
  ])('counts %j as %s', (reason, kind) => {
    expect(refusalKind(reason)).toBe(kind);
  });
});
