import { expect, test } from 'vitest';
import { LevelFields } from '../../src/distributor/level-fields.ts';
import { levelOfLogfmt } from '../../src/distributor/level-logfmt.ts';
import { defaultLimits } from '../../src/model/mod.ts';

const fields = new LevelFields(defaultLimits.log_level_fields);

test.each([
  ['level=warn', 'warn'], ['msg="x y" LEVEL=Info', 'info'], ['severity=error level=debug', 'debug'], ['lvl=inf severity=err', 'error'], ['level="warning" x', 'warn'], ['level=odd lvl=error', undefined], ['level= x', undefined],
  ['level="wa\\u0072n"', 'warn'], ['level="w\\"x" lvl=trc', undefined], ['a=b=c level=trc', undefined], ['a"b level=trc', undefined], ['=b level=trc', undefined], ['a="unclosed level=trc', undefined], ['level=trc level=dbg', 'trace'],
  ['severity=trc severity=dbg', 'trace'], ['a level=trc', 'trace'], ['level msg=x lvl=trc', undefined], ['log.level=trc', 'trace'], ['', undefined], ['severity=trc a=b=c', 'trace'],
])('%s: %s', (line, level) => {
  const bytes = Buffer.from(`level=fatal ${line}  level=fatal`);
  expect(levelOfLogfmt(bytes, 12, bytes.length - 13, fields)).toBe(level);
});
