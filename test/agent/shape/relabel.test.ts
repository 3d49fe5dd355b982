import { describe, expect, test } from 'vitest';
import { relabelSchema } from '../../../agent/config/shape.ts';
import { newShapeCounts } from '../../../agent/shape/counts.ts';
import { Relabel, relabelStage } from '../../../agent/shape/relabel.ts';
import { collector, line } from './lines.ts';

function relabelled(steps: readonly Readonly<Record<string, unknown>>[], labels: Readonly<Record<string, string>>, more: Parameters<typeof line>[0] = {}): Readonly<Record<string, string>> | 'drop' {
  const counts = newShapeCounts();
  const { lines, sink } = collector();
  relabelStage(new Relabel(relabelSchema.parse(steps)), counts).take(line({ labels, ...more }), sink);
  expect(lines.length + (counts.dropped.get('relabel') ?? 0)).toBe(1);
  return lines[0]?.labels ?? 'drop';
}

// The cases follow Prometheus' documentation of relabel_config.
describe('actions', () => {
  test.each<[string, readonly Readonly<Record<string, unknown>>[], Readonly<Record<string, string>>, Readonly<Record<string, string>> | 'drop']>([
    ['replace copies by default', [{ source_labels: ['a'], target_label: 'b' }], { a: 'x' }, { a: 'x', b: 'x' }],
    ['replace with groups', [{ source_labels: ['a'], regex: 'f(o*)(?P<rest>.*)', target_label: 'b', replacement: '$1-${rest}-$$' }], { a: 'foobar' }, { a: 'foobar', b: 'oo-bar-$' }],
    ['replace joins sources', [{ source_labels: ['a', 'b', 'none'], target_label: 'c' }], { a: 'x', b: 'y' }, { a: 'x', b: 'y', c: 'x;y;' }],
    ['replace matches the whole', [{ source_labels: ['a'], regex: 'fo', target_label: 'b', replacement: 'z' }], { a: 'foo' }, { a: 'foo' }],
    ['replace with nothing takes the label away', [{ source_labels: ['a'], regex: '.*', target_label: 'a', replacement: '' }], { a: 'x', b: 'y' }, { b: 'y' }],
    ['replace with a name that is none changes nothing', [{ source_labels: ['a'], target_label: '$1', replacement: 'z' }], { a: 'not-a-name' }, { a: 'not-a-name' }],
    ['replace makes names', [{ source_labels: ['a'], regex: '(\\w+)=(.*)', target_label: '$1', replacement: '$2' }], { a: 'k=v' }, { a: 'k=v', k: 'v' }],
    ['keep', [{ action: 'keep', source_labels: ['a'], regex: 'x|y' }], { a: 'y' }, { a: 'y' }],
    ['keep drops the rest', [{ action: 'keep', source_labels: ['a'], regex: 'x|y' }], { a: 'z' }, 'drop'],
    ['drop', [{ action: 'drop', source_labels: ['a'], regex: 'x.*' }], { a: 'xy' }, 'drop'],
    ['drop leaves the rest', [{ action: 'drop', source_labels: ['a'], regex: 'x.*' }], { a: 'y' }, { a: 'y' }],
    ['keepequal', [{ action: 'keepequal', source_labels: ['a'], target_label: 'b' }], { a: 'x', b: 'y' }, 'drop'],
    ['dropequal', [{ action: 'dropequal', source_labels: ['a'], target_label: 'b' }], { a: 'x', b: 'x' }, 'drop'],
    // From Prometheus' own tests.
    ['hashmod', [{ action: 'hashmod', source_labels: ['c'], target_label: 'd', modulus: 1000 }], { c: 'baz' }, { c: 'baz', d: '976' }],
    ['labelmap', [{ action: 'labelmap', regex: 'my_(.+)' }], { my_a: '1', my_b: '2', c: '3' }, { my_a: '1', my_b: '2', c: '3', a: '1', b: '2' }],
    ['labeldrop', [{ action: 'labeldrop', regex: 'my_.*' }], { my_a: '1', b: '2' }, { b: '2' }],
    ['labelkeep', [{ action: 'labelkeep', regex: 'my_.*' }], { my_a: '1', b: '2' }, { my_a: '1' }],
    ['lowercase', [{ action: 'lowercase', source_labels: ['a'], target_label: 'a' }], { a: 'ÄbC' }, { a: 'äbc' }],
    ['uppercase', [{ action: 'uppercase', source_labels: ['a'], target_label: 'b' }], { a: 'x' }, { a: 'x', b: 'X' }],
    ['names with two underscores go at the end', [{ source_labels: ['a'], target_label: '__tmp' }, { source_labels: ['__tmp'], target_label: 'b' }], { a: 'x' }, { a: 'x', b: 'x' }],
  ])('%s', (_, steps, labels, expected) => {
    expect(relabelled(steps, labels)).toEqual(expected);
  });
});

test('fields, level and trace ID are sources, and never labels by themselves', () => {
  const steps = [
    { source_labels: ['__meta_field_tenant'], target_label: 'team' }, { source_labels: ['__meta_level'], target_label: 'level' }, { source_labels: ['__meta_field_path'], regex: '/healthz', action: 'drop' },
  ];
  expect(relabelled(steps, { a: 'x' }, { level: 'warn', fields: { tenant: 'red', path: '/' } })).toEqual({ a: 'x', team: 'red', level: 'warn' });
  expect(relabelled(steps, { a: 'x' })).toEqual({ a: 'x' });
  expect(relabelled(steps, { a: 'x' }, { fields: { path: '/healthz' } })).toBe('drop');
});

test('equal labels are one object, and unchanged ones the object that came', () => {
  const relabel = new Relabel(relabelSchema.parse([{ source_labels: ['__meta_field_f'], target_label: 'f' }, { action: 'labeldrop', regex: 'pod' }]));
  const one = relabel.apply(line({ labels: { pod: '1', a: 'x' }, fields: { f: 'y' } }));
  const two = relabel.apply(line({ labels: { pod: '2', a: 'x' }, fields: { f: 'y' } }));
  expect(one).toBe(two);
  const same = line({ labels: { a: 'x' } });
  expect(relabel.apply(same)).toBe(same.labels);
});

test('a step may set the tenant', () => {
  const relabel = new Relabel(relabelSchema.parse([{ source_labels: ['namespace'], target_label: '__tenant_id__' }]));
  expect(relabel.apply(line({ labels: { namespace: 'red' } }))).toEqual({ labels: [{ name: 'namespace', value: 'red' }], tenant: 'red' });
});

test('many values of a field keep memory bounded and stay right', () => {
  const relabel = new Relabel(relabelSchema.parse([{ source_labels: ['__meta_field_f'], target_label: 'f' }]));
  for (let i = 0; i < 5000; i++) expect(relabel.apply(line({ fields: { f: String(i) } }))).toMatchObject({ labels: [{ name: 'f', value: String(i) }] });
});

test.each([
  [[{ action: 'hashmod', target_label: 'a' }], /modulus/],
  [[{ action: 'replace' }], /target_label/],
  [[{ action: 'labeldrop', regex: '(' }], /missing closing/],
  [[{ action: 'explode' }], /action|Invalid/],
])('settings %j are refused', (steps, message) => {
  expect(() => relabelSchema.parse(steps)).toThrow(message);
});
