import { describe, expect, test } from 'vitest';
import { LabelResolver } from '../../src/distributor/resolve-labels.ts';
import { defaultLimits, formatLabels, hashLabels, type Label, type Limits } from '../../src/model/mod.ts';

const labels = (pairs: Record<string, string>): Label[] => Object.entries(pairs).map(([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1));
const resolve = (pairs: Record<string, string> | Label[], limits: Partial<Limits> = {}, shard = '') =>
  new LabelResolver().resolve(Array.isArray(pairs) ? pairs : labels(pairs), { ...defaultLimits, ...limits }, shard);

describe('service_name', () => {
  test.each([
    [{ app: 'a', service: 's' }, 's'], [{ app: 'a', container: 'c' }, 'a'], [{ pod: 'p' }, 'unknown_service'], [{ service_name: 'own', app: 'a' }, 'own'], [{}, 'unknown_service'],
  ])('%j: %s', (pairs, service) => {
    expect(resolve(pairs).labels.find((label) => label.name === 'service_name')?.value).toBe(service);
  });

  test('is not set for internal streams, nor where discovery is off', () => {
    expect(resolve({ __aggregated_metric__: 'm', app: 'a' }).key).toBe('{__aggregated_metric__="m", app="a"}');
    expect(resolve({ __pattern__: 'm' }).key).toBe('{__pattern__="m"}');
    expect(resolve({ app: 'a' }, { discover_service_name: [] }).key).toBe('{app="a"}');
  });
});

test('key, hash and level', () => {
  const stream = resolve({ app: 'a', level: 'WARN' });
  expect(stream).toMatchObject({ key: formatLabels(stream.labels), hash: hashLabels(stream.labels), level: 'warn', fault: null });
  expect(resolve({ lvl: 'Sev5', Level: 'err' }).level).toBe('error');
  expect(resolve({ app: 'a' }).level).toBe(undefined);
});

describe('faults', () => {
  const small = { discover_service_name: [], max_label_names_per_series: 2, max_label_name_length: 4, max_label_value_length: 6 };
  test.each<[Record<string, string> | Label[], Partial<Limits>, string | undefined]>([
    [{}, small, 'missing_labels'], [{ a: '1', b: '2' }, small, undefined], [{ a: '1', b: '2', c: '3' }, small, 'max_label_names_per_series'], [{ a: '1', b: '2' }, { ...small, discover_service_name: ['a'] }, 'label_name_too_long'],
    [{ abcde: '1' }, small, 'label_name_too_long'], [{ a: 'ééé' }, small, undefined], [{ a: 'éééé' }, small, 'label_value_too_long'], [{ a: '日日日' }, small, 'label_value_too_long'],
    [[{ name: 'a', value: '1' }, { name: 'a', value: '1' }], small, 'duplicate_label_names'], [{ a: '1' }, { enforced_labels: ['a', 'b'] }, 'missing_enforced_labels'], [{ __pattern__: '1'.repeat(10), b: '2', c: '3' }, small, undefined],
  ])('%j', (pairs, limits, reason) => {
    expect(resolve(pairs, limits).fault?.reason).toBe(reason);
  });

  test('a service_name is not counted', () => {
    const limits = { max_label_names_per_series: 2 };
    expect([resolve({ a: '1', b: '2' }, limits).fault, resolve({ a: '1', b: '2', service_name: 's' }, limits).fault]).toEqual([null, null]);
  });

  test('missing enforced labels are named once', () => {
    expect(resolve({ a: '1' }, { enforced_labels: ['x', 'a', 'x', 'y'], discover_service_name: [] }).fault?.details).toEqual({ stream: '{a="1"}', labels: 'x,y', policy: '' });
  });
});

test('backfills', () => {
  expect(resolve({ a: 'b' }, { discover_service_name: [] }, 's').key).toBe('{__backfill__="true", __backfill_shard__="s", a="b"}');
  for (const name of ['__backfill__', '__backfill_shard__']) expect(() => resolve({ [name]: 'x' })).toThrow('must not contain the reserved labels');
});

test('an answer is remembered for the same array and limits only', () => {
  const resolver = new LabelResolver();
  const sent = labels({ app: 'a' });
  const first = resolver.resolve(sent, defaultLimits, '');
  expect(resolver.resolve(sent, defaultLimits, '')).toBe(first);
  expect(resolver.resolve(sent, { ...defaultLimits, discover_service_name: [] }, '').key).toBe('{app="a"}');
  expect(resolver.resolve(sent, defaultLimits, 'shard').key).toContain('shard');
});
