import { SpoorError } from '../model/mod.ts';

/** Longest key in bytes, and longest part between slashes (what file systems take). */
export const keyBytesMax = 512;
export const keyPartBytesMax = 255;

const keyPattern = /^[A-Za-z0-9._=/-]+$/;

/** Why `key` is no object key; undefined where it is one. */
export function keyFault(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (key.length > keyBytesMax) return `is ${key.length} bytes long, over the limit of ${keyBytesMax}`;
  if (!keyPattern.test(key)) return 'has a character other than letters, digits and ._-=/';
  for (const part of key.split('/')) {
    if (part === '') return 'has an empty part';
    if (part === '.' || part === '..') return `has the part ${part}`;
    if (part.length > keyPartBytesMax) return `has a part of ${part.length} bytes, over the limit of ${keyPartBytesMax}`;
  }
  return undefined;
}

/** Throws `bad_object_key` unless `key` is one. */
export function checkKey(key: string): void {
  const fault = keyFault(key);
  if (fault !== undefined) throw new SpoorError('bad_object_key', { key, reason: fault });
}

/** Throws `bad_object_key` unless some key can begin with `prefix`; the empty prefix is every key's. */
export function checkPrefix(prefix: string): void {
  if (prefix === '') return;
  const fault = keyFault(prefix.endsWith('/') ? `${prefix}x` : prefix);
  if (fault !== undefined) throw new SpoorError('bad_object_key', { key: prefix, reason: fault });
}
