import { describe, expect, it } from 'vitest';
import { LabelVerdict } from '../../../src/logql/detected/label-values.ts';

const uuid = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

function isShown(name: string, values: readonly string[]): boolean {
  const verdict = new LabelVerdict(name);
  // What was decided early must not depend on the rest.
  const decided = values.findIndex((value) => verdict.add(value));
  if (decided >= 0) expect(verdict.isShown).toBe(true);
  return verdict.isShown;
}

describe('LabelVerdict', () => {
  it.each<[string, readonly string[], boolean]>([
    ['ordinary values', ['a', 'b'], true],
    ['no values', [], false],
    ['numbers', ['17', '18', '19'], false],
    ['floats', ['1.5', '-2e3', 'NaN', 'inf'], false],
    ['numbers and a word', ['1', '2', 'x'], true],
    ['0 and 1', ['0', '1'], true],
    ['0 alone', ['0'], true],
    ['0 and 2', ['0', '2'], false],
    ['0, 1 and 2', ['0', '1', '2'], false],
    ['UUIDs', [uuid, uuid.toUpperCase(), `{${uuid}}`, `urn:uuid:${uuid}`, `URN:UUID:${uuid}`, uuid.replaceAll('-', '')], false],
    ['what is nearly a UUID', [uuid.replace('6', 'g')], true],
    ['a UUID with dashes elsewhere', ['6ba7b8109-dad-11d1-80b4-00c04fd430c8'], true],
    ['a UUID behind another prefix', [`urn-uuid:${uuid}`], true],
    ['hex of another length', ['abcdef0123456789'], true],
    ['a number beyond what a double holds', ['1e999'], true],
  ])('%s', (_name, values, shown) => {
    expect(isShown('label', values)).toBe(shown);
  });

  it.each(['cluster', 'namespace', 'instance', 'pod'])('always shows %s', (name) => {
    expect(isShown(name, ['1', '2', '3'])).toBe(true);
  });
});
