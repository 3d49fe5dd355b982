// Go's unicode.IsSpace.
const spaceAround = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g;

/** A key without the white space around it. */
export function trimKey(key: string): string {
  return key.replaceAll(spaceAround, '');
}

/** Makes a key found in a line a label name, as Loki does; "" where nothing is left of it. */
export function labelName(key: string): string {
  const trimmed = trimKey(key);
  return (/^[0-9]/.test(trimmed) ? '_' : '') + trimmed.replaceAll(/[^a-zA-Z0-9_]/gu, '_');
}

/** The label name of a key inside an object whose own name is `prefix`: `prefix_key`. A key of white space alone leaves the prefix as it is. */
export function nestedName(prefix: string, key: string): string {
  if (prefix === '') return labelName(key);
  const trimmed = trimKey(key);
  return trimmed === '' ? prefix : `${prefix}_${trimmed.replaceAll(/[^a-zA-Z0-9_]/gu, '_')}`;
}
