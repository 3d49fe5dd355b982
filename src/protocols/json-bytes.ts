/** What a byte inside a JSON string is: 0 itself, 1 the closing quote, 2 a backslash, 3 a control character, which JSON forbids. */
export const stringClass = new Uint8Array(256);
stringClass.fill(3, 0, 0x20);
stringClass[0x22] = 1;
stringClass[0x5c] = 2;

/** Byte that a one-letter escape stands for, 0 where there is no such escape. */
export const escapes = new Uint8Array(256);
for (const [letter, character] of Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' })) {
  escapes[letter.charCodeAt(0)] = character.charCodeAt(0);
}
