import { randomUUID } from 'node:crypto';
import { isSpoorError, SpoorError } from '../../model/mod.ts';
import type { ObjectStore } from '../port.ts';

/** Holds the store's identity, 36 characters. */
export const identityKey = 'store/identity';

const pattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Which store this is: a UUID that lies in it, made by the first who asks. A bucket that was emptied and filled again is another store, though its objects
 * may have the same keys. Throws `object_store`, or `corruption` where the object is something else.
 */
export async function storeIdentity(store: ObjectStore): Promise<string> {
  const known = await readIdentity(store);
  if (known !== undefined) return known;
  const own = randomUUID();
  if (await store.putIfAbsent(identityKey, Buffer.from(own, 'latin1'))) return own;
  const others = await readIdentity(store);
  if (others === undefined) throw new SpoorError('object_store', { operation: 'get', key: identityKey, reason: 'it was there and is gone' });
  return others;
}

async function readIdentity(store: ObjectStore): Promise<string | undefined> {
  let text: string;
  try {
    text = Buffer.from(await store.getRange(identityKey, 0, 64, new AbortController().signal)).toString('latin1');
  } catch (error) {
    if (isSpoorError(error, 'object_not_found')) return undefined;
    throw error;
  }
  if (!pattern.test(text)) throw new SpoorError('corruption', { where: identityKey, offset: 0, reason: 'it is no identity of a store' });
  return text;
}
