import { describe, expect, it } from 'vitest';
import { queryTenantOf, soleTenant, tenantOf, tenantsOf } from '../../src/http/tenant.ts';
import { isSpoorError } from '../../src/model/mod.ts';

function refusal(call: () => unknown): { status: number; message: string } {
  try {
    call();
  } catch (error) {
    if (isSpoorError(error)) return { status: error.status, message: error.message };
    throw error;
  }
  throw new Error('it was not refused');
}

describe('tenantOf', () => {
  it.each([undefined, '', 'team-a', 'a|b', '../..'])('is the one tenant while authentication is off, whatever the header says: %j', (header) => {
    expect(tenantOf(header, false)).toBe(soleTenant);
  });

  it.each(['a', 'team-a', 'A1', "!-_.*'()", '...', 'x'.repeat(150)])('takes %s', (header) => {
    expect(tenantOf(header, true)).toBe(header);
  });

  it.each<[string | undefined, number, string]>([
    [undefined, 401, 'no org id'],
    ['', 401, 'no org id'],
    ['.', 400, "tenant ID is '.' or '..'"],
    ['..', 400, "tenant ID is '.' or '..'"],
    ['a/b', 400, "tenant ID 'a/b' contains unsupported character '/'"],
    ['a b', 400, "tenant ID 'a b' contains unsupported character ' '"],
    ['a\0', 400, "tenant ID 'a\0' contains unsupported character '\0'"],
    ['é', 400, "tenant ID 'é' contains unsupported character 'é'"],
    ['x'.repeat(151), 400, 'tenant ID is too long: max 150 characters'],
    [`/${'x'.repeat(200)}`, 400, `tenant ID '/${'x'.repeat(200)}' contains unsupported character '/'`],
    ['a|b', 400, 'multiple org IDs present'],
    ['a|..', 400, "tenant ID is '.' or '..'"],
  ])('refuses %j', (header, status, message) => {
    expect(refusal(() => tenantOf(header, true))).toEqual({ status, message });
  });
});

describe('tenantsOf', () => {
  it('sorts them and names each once', () => {
    expect(tenantsOf('b|a|b', true)).toEqual(['a', 'b']);
    expect(tenantOf('a|a', true)).toBe('a');
  });

  it.each<[string, readonly string[]]>([
    ['a|', ['', 'a']],
    ['a||b', ['', 'a', 'b']],
    ['a:key=value', ['a']],
    ['a|b:k=v:l=w', ['a', 'b']],
    ['a|:x', ['', 'a']],
  ])('takes %s as Loki does', (header, tenants) => {
    expect(tenantsOf(header, true)).toEqual(tenants);
  });

  it.each([['|', 401, 'no org id'], [':x', 401, 'no org id'], ['a|b/c', 400, "tenant ID 'b/c' contains unsupported character '/'"], [`a|${'x'.repeat(151)}`, 400, 'tenant ID is too long: max 150 characters']])('refuses %s', (header, status, message) => {
    expect(refusal(() => tenantsOf(header, true))).toEqual({ status, message });
  });
});

describe('queryTenantOf', () => {
  it('joins several where that is allowed, and refuses them where it is not', () => {
    expect(queryTenantOf('b|a|b', { authEnabled: true, severalTenants: true })).toBe('a|b');
    expect(queryTenantOf('a', { authEnabled: true, severalTenants: true })).toBe('a');
    expect(queryTenantOf('a|b', { authEnabled: false, severalTenants: true })).toBe(soleTenant);
    expect(refusal(() => queryTenantOf('a|b', { authEnabled: true, severalTenants: false }))).toEqual({ status: 400, message: 'multiple org IDs present' });
  });
});
