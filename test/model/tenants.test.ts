import { describe, expect, it } from 'vitest';
import { isJoined, joinTenants, labelSet, labelsObject, splitTenants, withTenantLabel } from '../../src/model/mod.ts';

describe('tenants', () => {
  it('joins several to one name and splits it again', () => {
    expect(joinTenants(['b', 'a', 'b'])).toBe('a|b');
    expect(splitTenants('a|b')).toEqual(['a', 'b']);
    expect(joinTenants(['a'])).toBe('a');
    expect([isJoined('a'), isJoined('a|b'), isJoined('|a')]).toEqual([false, true, true]);
    expect(splitTenants(joinTenants(['a', '']))).toEqual(['', 'a']);
  });

  it.each<[Record<string, string>, Record<string, string>]>([
    [{ app: 'x' }, { __tenant_id__: 't', app: 'x' }],
    [{}, { __tenant_id__: 't' }],
    [{ __tenant_id__: 'own', zone: 'z' }, { __tenant_id__: 't', original___tenant_id__: 'own', zone: 'z' }],
    [{ __tenant_id__: 'own', original___tenant_id__: 'older' }, { __tenant_id__: 't', original___tenant_id__: 'own' }],
    [{ original___tenant_id__: 'kept' }, { __tenant_id__: 't', original___tenant_id__: 'kept' }],
  ])('labels %j', (before, after) => {
    const labelled = withTenantLabel(labelSet(Object.entries(before)), 't');
    expect(labelsObject(labelled)).toEqual(after);
    expect(labelled.map(({ name }) => name)).toEqual(Object.keys(after).toSorted());
  });
});
