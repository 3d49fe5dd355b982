import { expect, test } from 'vitest';
import { identityKey, storeIdentity } from '../../../src/objects/cache/identity.ts';
import { SlowStore } from '../../support/slow-store.ts';

test('a store has one identity, whoever asks first', async () => {
  const store = new SlowStore();
  store.latencyMs = 2;
  const ids = await Promise.all(Array.from({ length: 8 }, async () => storeIdentity(store)));
  expect(new Set(ids).size).toBe(1);
  expect(await storeIdentity(store)).toBe(ids[0]);
  expect(Buffer.from(store.objects.get(identityKey)!).toString()).toBe(ids[0]);
});

test('another store, or the same one emptied, has another', async () => {
  const store = new SlowStore();
  const before = await storeIdentity(store);
  await store.delete([identityKey]);
  expect(await storeIdentity(store)).not.toBe(before);
});

test('what is no identity is damage, and an outage is an outage', async () => {
  const store = new SlowStore();
  await store.put(identityKey, Buffer.from('hello'));
  await expect(storeIdentity(store)).rejects.toMatchObject({ code: 'corruption', details: { where: identityKey } });
  store.failure = () => 'down';
  await expect(storeIdentity(store)).rejects.toMatchObject({ code: 'object_store' });
});
