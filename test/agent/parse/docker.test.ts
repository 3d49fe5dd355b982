import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocker } from '../../../agent/parse/docker.ts';
import { newRecord } from '../../../agent/parse/record.ts';

function parse(text: string): unknown {
  const record = newRecord();
  const bytes = Buffer.from(`garbage${text}garbage`);
  if (!parseDocker(bytes, 7, 7 + Buffer.byteLength(text), record)) return null;
  return [record.stream, record.partial, record.seconds, record.nanos, record.bytes.toString('utf8', record.start, record.end)];
}

describe('parseDocker', () => {
  it.each([
    ['{"log":"hello\\n","stream":"stdout","time":"2016-10-06T00:17:09.5Z"}', [0, false, 1_475_713_029, 500_000_000, 'hello']],
    ['{"log":"part","stream":"stderr","time":"2016-10-06T00:17:09Z"}', [1, true, 1_475_713_029, 0, 'part']],
    ['{"log":"\\n","stream":"stdout","time":"2016-10-06T00:17:09Z"}', [0, false, 1_475_713_029, 0, '']],
    ['{"log":"","stream":"stdout","time":"2016-10-06T00:17:09Z"}', [0, true, 1_475_713_029, 0, '']],
    ['{"log":"\\u003c\\"a\\\\b\\/\\t\\ud83d\\ude00\\ud83d\\r\\n","stream":"stdout","time":"2016-10-06T00:17:09Z"}', [0, false, 1_475_713_029, 0, '<"a\\b/\t😀\ufffd\r']],
    ['{"log":"x\\n","stream":"stdout","attrs":{"tag":"a"},"time":"2016-10-06T00:17:09Z"}', [0, false, 1_475_713_029, 0, 'x']],
    ['{"time":"2016-10-06T00:17:09Z", "stream":"stderr", "log":"x\\n"}', [1, false, 1_475_713_029, 0, 'x']],
    ['{"log":"x\\n","stream":"stdin","time":"2016-10-06T00:17:09Z"}', null],
    ['{"log":"x\\n","stream":"stdout","time":"yesterday"}', null],
    ['{"log":"x\\n","stream":"stdout"}', null],
    ['{"log":1,"stream":"stdout","time":"2016-10-06T00:17:09Z"}', null],
    ['{"log":"x\\q","stream":"stdout","time":"2016-10-06T00:17:09Z"}', null],
    ['{"log":"x\\u00', null],
    ['[]', null],
    ['', null],
    ['2016-10-06T00:17:09Z stdout F message', null],
  ])('reads %j', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it('undoes escapes as JSON does', () => {
    const unit = fc.oneof(fc.constantFrom('\\', '"', '\n', '\t', '\b', '\f', '\r', '/', '😀', '\u0001', '\u2028', 'é'), fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)));
    const escapeAll = (text: string): string => text.replaceAll(/[\s\S]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
    fc.assert(fc.property(fc.array(unit).map((units) => units.join('')), fc.boolean(), (text, escaped) => {
      const log = escaped ? `"${escapeAll(`${text}\n`)}"` : JSON.stringify(`${text}\n`);
      expect(parse(`{"log":${log},"stream":"stdout","time":"2016-10-06T00:17:09Z"}`)).toEqual([0, false, 1_475_713_029, 0, text.toWellFormed()]);
    }));
  });

  it('reads random and cut bytes as none, or as a record inside its bounds', () => {
    const good = Buffer.from('{"log":"\\u00e9\\ud83d\\ude00 text\\n","stream":"stdout","time":"2016-10-06T00:17:09Z"}');
    for (let end = 0; end < good.length; end++) expect(parseDocker(good, 0, end, newRecord())).toBe(false);
    fc.assert(fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
      const bytes = Buffer.from(good);
      bytes[at] = byte;
      parseDocker(bytes, 0, bytes.length, newRecord());
    }));
  });
});
