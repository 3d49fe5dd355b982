import { describe, expect, test } from 'vitest';
import { detectedLevelPlace, metadataName, noLevelPlace, severityNumberPlace } from '../../src/distributor/metadata-names.ts';

describe('names', () => {
  test.each([
    ['a', 'a'], ['a.b', 'a_b'], ['a..b--c', 'a_b_c'], ['a__b', 'a_b'], ['_a', '_a'], ['__a', '_a'], ['__a__', '__a__'], ['__a.b__', '__a_b__'], ['a.', 'a_'], ['1a', 'key_1a'], ['.1', '_1'], ['é1', '_1'], ['A9', 'A9'],
  ])('%s becomes %s', (sent, name) => {
    expect(metadataName(Buffer.from(sent), [])).toMatchObject({ name, changed: sent !== name, fault: '' });
  });

  test.each([['', 'label name is empty'], ['...', 'normalization for label name "..." resulted in invalid name "_"'], ['_', 'normalization for label name "_" resulted in invalid name "_"'], ['____', 'normalization for label name "____" resulted in invalid name "____"']])('%j is refused', (sent, fault) => {
    expect(metadataName(Buffer.from(sent), []).fault).toBe(fault);
  });
});

test('what a name means for the level', () => {
  expect(['detected_level', 'detected.level', 'lvl', 'level', 'severity_number', 'x'].map((name) => metadataName(Buffer.from(name), ['level', 'lvl']).levelPlace)).toEqual(
    [detectedLevelPlace, detectedLevelPlace, 1, 0, severityNumberPlace, noLevelPlace]);
});

test('names of any length are written with it', () => {
  for (const length of [1, 127, 128, 16_383, 16_384, 70_000]) {
    const { encoded } = metadataName(Buffer.alloc(length, 0x61), []);
    const head = length < 128 ? 1 : length < 16_384 ? 2 : 3;
    expect([encoded.length, encoded[head]]).toEqual([length + head, 0x61]);
  }
});

test('the error of a name', () => {
  expect(metadataName(Buffer.from('-'), []).fault).toBe('normalization for label name "-" resulted in invalid name "_"');
});
