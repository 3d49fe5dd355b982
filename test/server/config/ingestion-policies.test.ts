import { describe, expect, test } from 'vitest';
import { readGenericFields, readNameLists, readPolicyMapping, readPolicyTimes } from '../../../src/server/config/ingestion-policies.ts';

describe('policy_stream_mapping', () => {
  test('lists of selector and priority', () => {
    expect(readPolicyMapping({ ops: [{ selector: '{a="b"}', priority: 2 }, { selector: '{c=~"d"}' }] })).toEqual({
      value: new Map([['ops', [{ selector: '{a="b"}', matchers: [{ name: 'a', op: '=', value: 'b' }], priority: 2 }, { selector: '{c=~"d"}', matchers: [{ name: 'c', op: '=~', value: 'd' }], priority: 0 }]]]),
    });
    expect(readPolicyMapping(null)).toEqual({ value: new Map() });
  });

  test.each<[unknown, string]>([
    [[], 'must be a mapping'],
    [{ ops: {} }, 'ops: must be a list of selector and priority'],
    [{ ops: ['{a="b"}'] }, 'ops: entry 1: must be a mapping of selector and priority'],
    [{ ops: [{ selector: '{a="b"}', other: 1 }] }, 'ops: entry 1: unknown key other'],
    [{ ops: [{ priority: 1 }] }, 'ops: entry 1: selector must be a text'],
    [{ ops: [{ selector: '{a="b"}', priority: 'high' }] }, 'ops: entry 1: priority must be a whole number'],
    [{ ops: [{ selector: '{a="b"' }] }, 'ops: entry 1: selector: parse error'],
  ])('%j is refused', (raw, wrong) => {
    expect(readPolicyMapping(raw)).toEqual({ wrong: expect.stringContaining(wrong) as string });
  });
});

test('lists of names', () => {
  expect(readNameLists({ a: ['x', 'y'], b: 'z,w', c: [] })).toEqual({ value: new Map([['a', ['x', 'y']], ['b', ['z', 'w']], ['c', []]]) });
  expect(readNameLists({ a: [1] })).toEqual({ wrong: 'a: must be a list of texts' });
});

test('generic fields stand under the key fields', () => {
  expect(readGenericFields({ fields: { trace: ['trace_id', 'a.b'] } })).toEqual({ value: new Map([['trace', ['trace_id', 'a.b']]]) });
  expect([readGenericFields(null), readGenericFields({})]).toEqual([{ value: new Map() }, { value: new Map() }]);
  expect(readGenericFields({ trace: ['x'] })).toEqual({ wrong: 'unknown key trace' });
  expect(readGenericFields({ fields: { 'a.b': ['x'] } })).toEqual({ wrong: 'fields: a.b is no name of structured metadata' });
  expect(readGenericFields({ fields: { a: 5 } })).toEqual({ wrong: 'fields: a: must be a list of texts' });
  expect(readGenericFields('x')).toEqual({ wrong: 'must be a mapping with the key fields' });
});

test('times of policies', () => {
  expect(readPolicyTimes({ ops: '2026-01-01T00:00:00Z', '*': '', a: new Date(1000) })).toEqual({ value: new Map([['ops', 1_767_225_600_000_000_000n], ['*', 0n], ['a', 1_000_000_000n]]) });
  expect(readPolicyTimes({ ops: 'soon' })).toEqual({ wrong: 'ops: must be an RFC 3339 time such as 2026-01-02T15:04:05Z' });
});
