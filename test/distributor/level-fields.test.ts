import { expect, test } from 'vitest';
import { LevelFields, levelFieldsOf } from '../../src/distributor/level-fields.ts';
import { defaultLimits } from '../../src/model/mod.ts';

const at = (text: string): [Buffer, number, number] => [Buffer.from(`x${text}x`), 1, text.length + 1];

test('names compare as bytes, exactly or in any case', () => {
  const fields = new LevelFields(['sev', 'Level', 'LEVEL', 'log.level']);
  expect(['sev', 'Level', 'level', 'se', 'sevx', ''].map((name) => fields.has(...at(name)))).toEqual([true, true, false, false, false, false]);
  expect(['SEV', 'level', 'LOG.Level', 'log-level', 'x'].map((name) => fields.placeFolded(...at(name)))).toEqual([0, 1, 3, -1, -1]);
  expect([fields.hasText('LEVEL'), fields.hasText('leveL')]).toEqual([true, false]);
});

test('an empty list means the default one; a list is prepared once', () => {
  expect(levelFieldsOf({ ...defaultLimits, log_level_fields: [] }).names).toContain('severity_text');
  expect(levelFieldsOf(defaultLimits)).toBe(levelFieldsOf({ ...defaultLimits }));
});
