import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Arena } from '../../../src/protocols/arena.ts';
import { JsonScan } from '../../../src/protocols/elasticsearch/json-scan.ts';
import { mutated, numbers } from '../plain-rows.ts';

function scanOf(text: Buffer): JsonScan {
  const arena = new Arena(64, 1e6, () => new Error('too much'));
  arena.append(text);
  arena.append(Buffer.from('\n'));
  const scan = new JsonScan(arena, 50);
  scan.end = text.length;
  return scan;
}

/** Whether the text is one JSON value with blanks around it. */
function isJson(text: Buffer): boolean {
  try {
    JSON.parse(text.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

function passesOver(text: Buffer): boolean {
  const scan = scanOf(text);
  const at = scan.skip(0);
  return at >= 0 && scan.blank(at) === text.length;
}

it('passes over exactly what is JSON', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      expect(passesOver(Buffer.from(` ${text}\t`))).toBe(true);
    }),
  );
  const next = numbers(3);
  const seed = Buffer.from(' {"a\\u00e9":[1.5e-3,-0,{"b":null,"c":[true,false]},"x\\"y\\\\"],"d":{}} ');
  let good = 0;
  for (let i = 0; i < 20_000; i++) {
    const text = mutated(seed, next, '{}[]",:\\u0123456789.eE-+ntfalsr ');
    const wanted = isJson(text);
    expect([text.toString(), passesOver(text)]).toEqual([text.toString(), wanted]);
    if (wanted) good++;
  }
  expect(good).toBeGreaterThan(200);
});

it('reads strings as JSON.parse does, and stops at the end of what it is given', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.boolean(), (value, escapeAll) => {
      const plain = JSON.stringify(value);
      const text = escapeAll ? plain.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`) : plain;
      const scan = scanOf(Buffer.from(text));
      expect(scan.string(0)).toBe(Buffer.byteLength(text));
      expect(scan.arena.bytes.toString('utf8', scan.start, scan.start + scan.length)).toBe(value);
      for (let end = 0; end < Buffer.byteLength(text); end++) {
        const cut = scanOf(Buffer.from(text));
        cut.end = end;
        expect(cut.string(0)).toBe(-1);
      }
    }),
    { numRuns: 200 },
  );
});

it('says what is wrong, and where', () => {
  for (const [text, fault, at] of [
    ['{"a":tru}', 'a value is expected', 5],
    ['{"a" 1}', 'a colon is expected after a field name', 5],
    ['[1 2]', 'a comma or ] is expected', 3],
    ['{"a":1', 'unexpected end of input', 6],
    ['"a\u0001"', 'a control character inside a string', 2],
    ['"\\q"', 'an escape that JSON does not have', 1],
    ['01', 'a number must not begin with 0', 0],
    ['['.repeat(51), 'nested deeper than 50 (push.json_depth_max)', 50],
  ] as const) {
    const scan = scanOf(Buffer.from(text));
    expect([text, scan.skip(0), scan.fault, scan.faultAt]).toEqual([text, -1, fault, at]);
  }
});
