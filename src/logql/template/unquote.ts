const simple: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', "'": "'", '"': '"' };

/** Undoes Go quoting: a string in double quotes, backquotes or single quotes; null where it is not well-formed. */
export function unquoteGo(quoted: string): string | null {
  const quote = quoted[0];
  if (quoted.length < 2 || quote !== quoted.at(-1)) return null;
  const body = quoted.slice(1, -1);
  if (quote === '`') return body.replaceAll('\r', '');
  if (quote !== '"' && quote !== "'") return null;
  if (!body.includes('\\')) return body;
  const pieces: Buffer[] = [];
  let at = 0;
  while (at < body.length) {
    const next = body.indexOf('\\', at);
    if (next < 0) {
      pieces.push(Buffer.from(body.slice(at)));
      break;
    }
    pieces.push(Buffer.from(body.slice(at, next)));
    const escape = /^\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\'"]))/.exec(body.slice(next, next + 10));
    if (escape === null) return null;
    const [whole, hex, octal, short, long, letter] = escape;
    if (letter !== undefined) {
      if ((letter === "'" && quote === '"') || (letter === '"' && quote === "'")) return null;
      pieces.push(Buffer.from(simple[letter] ?? ''));
    } else if (hex !== undefined || octal !== undefined) {
      const value = hex === undefined ? Number.parseInt(octal ?? '0', 8) : Number.parseInt(hex, 16);
      if (value > 255) return null;
      pieces.push(Buffer.of(value));
    } else {
      const value = Number.parseInt(short ?? long ?? '0', 16);
      if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return null;
      pieces.push(Buffer.from(String.fromCodePoint(value)));
    }
    at = next + whole.length;
  }
  return Buffer.concat(pieces).toString('utf8');
}
