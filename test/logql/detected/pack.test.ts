import { expect, it } from 'vitest';
import { packRows } from '../../../src/logql/detected/pack.ts';
import { answerOf, type Row } from './run.ts';

function unpacked(rows: readonly Row[]): readonly string[][] {
  return [...packRows(answerOf(rows))].map(({ labels, labelsOf, lines, lineStart }) => {
    expect(new Set(labelsOf).size).toBe(labels.length);
    expect(lines.byteLength).toBe(lines.buffer.byteLength);
    return [...labelsOf].map((place, i) => `${labels[place]?.stream.map(({ value }) => value).join()}:${Buffer.from(lines.subarray(lineStart[i], lineStart[i + 1])).toString()}`);
  });
}

it('goes stream by stream in the order of their bytes, and keeps the order in each', () => {
  const rows = ['b', 'a', '\u{1f680}', 'b', '\ufffd', 'a'].map((app, i) => ({ line: String(i), stream: { app } }));
  expect(unpacked(rows)).toEqual([['a:1', 'a:5', 'b:0', 'b:3', '\ufffd:4', '\u{1f680}:2']]);
});

it('puts label sets of one stream together', () => {
  const rows = ['x', 'y', 'x'].map((v, i) => ({ line: String(i), stream: { app: 'a' }, parsed: { v } }));
  expect(unpacked(rows)).toEqual([['a:0', 'a:1', 'a:2']]);
});

it('cuts packs by rows and by bytes, and leaves no row out', () => {
  const many = unpacked(Array.from({ length: 1300 }, (_, i) => ({ line: String(i), stream: { app: 'a' } })));
  expect(many.map((pack) => pack.length)).toEqual([512, 512, 276]);
  expect(many.flat()).toEqual(Array.from({ length: 1300 }, (_, i) => `a:${i}`));
  const long = 'x'.repeat(2 ** 20 + 1);
  expect(unpacked([{ line: 'a' }, { line: long }, { line: 'b' }, { line: 'c' }]).map((pack) => pack.length)).toEqual([1, 1, 2]);
  expect(unpacked([])).toEqual([]);
});
