import fc from 'fast-check';
import { expect, test } from 'vitest';
import { knownLevel, knownLevelOf, levelOfSeverityNumber, normalLevel } from '../../src/distributor/level-names.ts';

test('normal forms', () => {
  expect(['TRC', 'Dbg', 'inf', 'Information', 'wrn', 'WARNING', 'err', 'Critical', 'FATAL', 'notice', '30', ''].map(normalLevel)).toEqual(['trace', 'debug', 'info', 'info', 'warn', 'warn', 'error', 'critical', 'fatal', 'notice', '30', '']);
});

test('bytes and texts agree', () => {
  fc.assert(fc.property(fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('WARN', 'wArNiNg', 'information', 'ERR', 'err ')), (text) => {
    const bytes = Buffer.from(text);
    expect(knownLevelOf(bytes, 0, bytes.length)).toBe(knownLevel(text));
  }));
});

test('severity numbers', () => {
  expect(['0', '1', '4', '5', '8', '9', '12', '13', '16', '17', '20', '21', '24', '25', '-3', '+9', 'x', '', '9.5', '99999999999999999999'].map(levelOfSeverityNumber)).toEqual(
    ['unknown', 'trace', 'trace', 'debug', 'debug', 'info', 'info', 'warn', 'warn', 'error', 'error', 'fatal', 'fatal', 'unknown', 'trace', 'info', 'info', 'info', 'info', 'info']);
});
