import { describe, expect, it } from 'vitest';
import { by, run } from './run.ts';

const error = (details: string): Readonly<Record<string, string>> => ({ __error__: 'JSONParserErr', __error_details__: details });

describe('unpack evaluates', () => {
  it.each<[line: string, labels: Readonly<Record<string, string>>, entry: string]>([
    ['{"_entry":"the line","src":"file","num":1,"obj":{"a":1}}', { src: 'file' }, 'the line'],
    [String.raw`{"src":"a\"b","_entry":"level=info msg=\"x\" \u00e9\ud83d\ude80"}`, { src: 'a"b' }, 'level=info msg="x" é🚀'],
    [' {"a":"b"}', error('expecting json object(6), but it is not'), ' {"a":"b"}'],
    ['{"a":"b"}', {}, '{"a":"b"}'],
    ['{"a.b":"x","1c":"y","_entry":"e"} behind', { a_b: 'x', _1c: 'y' }, 'e'],
    ['{}', {}, '{}'],
    ['', {}, ''],
  ])('%s', (line, labels, entry) => {
    expect(run('| unpack', line)).toEqual({ labels, line: entry });
  });
});

describe('unpack tells errors', () => {
  it.each<[line: string, details: string]>([
    ['not packed', 'expecting json object(6), but it is not'],
    ['[1]', 'expecting json object(6), but it is not'],
    ['{"_entry":"broken', "Value is string, but can't find closing '\"' symbol"],
    ['{"a":"b","_entry":"x"', "Value is array, but can't find closing ']' symbol"],
    ['{"a":"b" "_entry":"x"}', "Value looks like object, but can't find closing '}' symbol"],
    [String.raw`{"_entry":"\q"}`, 'Encountered an invalid escape sequence in a string'],
    ['{"a":zz,"_entry":"x"}', 'Unknown value type'],
    ['{', 'Malformed JSON error'],
    ['{"a"', 'Malformed JSON error'],
  ])('%s', (line, details) => {
    expect(run('| unpack', line)).toEqual({ labels: error(details), line });
  });
});

describe('unpack at the edges', () => {
  it('renames what clashes', () => {
    const line = '{"_entry":"e","app":"x","t":"y"}';
    expect(run('| unpack', line, { stream: { app: 'shop' }, metadata: { t: 'z' } })).toEqual({ labels: { app_extracted: 'x', t: 'z', t_extracted: 'y' }, line: 'e' });
  });

  it('makes wanted labels only, and leaves the line where nothing is needed', () => {
    const line = '{"_entry":"e","a":"x","b":"y"}';
    expect(run('| unpack', line, { needs: by('b') })).toEqual({ labels: { b: 'y' }, line: 'e' });
    expect(run('| unpack', line, { needs: { ...by(), skipParsers: true } })).toEqual({ labels: {}, line });
  });

  it('asks later filters, and gives the new line to later stages', () => {
    expect(run('| unpack | label_format a="z" | a="z"', '{"_entry":"e","a":"x"}').labels).toBeNull();
    expect(run('| unpack | logfmt', '{"_entry":"k=v","a":"x"}')).toEqual({ labels: { a: 'x', k: 'v' }, line: 'k=v' });
  });

  it('keeps bytes of the entry that are no UTF-8', () => {
    const line = Buffer.from([...Buffer.from('{"_entry":"\\n'), 0xff, ...Buffer.from('"}')]);
    expect(run('| unpack', line).line).toBe('\n\ufffd');
  });
});
