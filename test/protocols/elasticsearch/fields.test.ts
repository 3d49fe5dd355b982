import { expect, it } from 'vitest';
import { FieldRules, fieldRules, role, type FieldNode } from '../../../src/protocols/elasticsearch/fields.ts';

const settings = { labels: ['a.b', 'c=x', 'd=x', '_index'], line: ['message', 'a.b'], time: ['@timestamp'], ignored: ['z', 'a.skip'] };

function at(rules: FieldRules, ...path: string[]): FieldNode {
  let node = rules.root;
  for (const name of path) {
    const bytes = Buffer.from(name);
    const child = rules.child(node, bytes, 0, bytes.length);
    if (child === undefined) throw new Error(name);
    node = child;
  }
  return node;
}

it('gives each path its role, however it is written', () => {
  const rules = new FieldRules(settings);
  expect(rules.labels).toEqual(['a_b', 'x', '_index']);
  expect(rules.indexSlot).toBe(2);
  for (const node of [at(rules, 'a', 'b'), at(rules, 'a.b')]) expect(node).toMatchObject({ path: 'a.b', role: role.label, slot: 0 });
  expect(at(rules, 'd')).toMatchObject({ role: role.label, slot: 1, place: 2 });
  expect(at(rules, 'message').role).toBe(role.line);
  expect(at(rules, '@timestamp').role).toBe(role.time);
  expect(at(rules, 'z', 'inside').role).toBe(role.ignored);
  expect(at(rules, 'a', 'skip').role).toBe(role.ignored);
  expect(at(rules, 'zz').role).toBe(role.metadata);
  expect(at(rules, 'log', 'level').isLevel).toBe(true);
});

it('gives the same node for the same path, and none for names that are too long', () => {
  const rules = new FieldRules(settings);
  expect(at(rules, 'a', 'b')).toBe(at(rules, 'a', 'b'));
  const long = Buffer.from('n'.repeat(1100));
  expect(rules.child(rules.root, long, 0, long.length)).toBeUndefined();
  expect(rules.child(at(rules, 'n'.repeat(1000)), long, 0, 100)).toBeUndefined();
});

it('begins anew where names never end', () => {
  const rules = new FieldRules(settings);
  const { root } = rules;
  for (let i = 0; i < 20_000; i++) at(rules, `name${i}`);
  expect(rules.root).not.toBe(root);
  expect(rules.root.children.length).toBeLessThan(9000);
  expect(at(rules, 'a', 'b').role).toBe(role.label);
});

it('shares rules of equal settings', () => {
  expect(fieldRules(settings)).toBe(fieldRules({ ...settings, labels: [...settings.labels] }));
  expect(fieldRules(settings)).not.toBe(fieldRules({ ...settings, line: [] }));
});
