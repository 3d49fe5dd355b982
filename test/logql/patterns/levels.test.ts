import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { levels, LevelReader } from '../../../src/logql/patterns/levels.ts';
import { labelSet } from '../../../src/model/mod.ts';

const reader = new LevelReader();
const levelOf = (metadata: Readonly<Record<string, string>>): string | undefined => {
  const bytes = Buffer.from(encodeMetadata(labelSet(Object.entries(metadata))));
  return levels[reader.read(Buffer.concat([Buffer.from('x'), bytes, Buffer.from('x')]), 1, bytes.length)];
};

it.each([
  [{}, 'unknown'],
  [{ detected_level: 'info' }, 'info'],
  [{ a: 'b', detected_level: 'ERROR', trace_id: 'x' }, 'error'],
  [{ [`a${'b'.repeat(200)}`]: 'c'.repeat(20_000), detected_level: 'warn' }, 'warn'],
  [{ detected_level: 'warning' }, 'unknown'],
  [{ detected_level: 'x'.repeat(300) }, 'unknown'],
  [{ detected_leve1: 'info', level: 'info' }, 'unknown'],
])('finds the level of %j', (metadata, level) => {
  expect(levelOf(metadata)).toBe(level);
});

it('takes any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      expect(levels[reader.read(Buffer.from(bytes), 0, bytes.length)]).toBeDefined();
    }),
  );
});
