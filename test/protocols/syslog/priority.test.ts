import { expect, it } from 'vitest';
import { facilities, levels, prioritiesEnd, severities } from '../../../src/protocols/syslog/priority.ts';

it('has a name for each priority', () => {
  expect(prioritiesEnd).toBe(192);
  expect([facilities.length, severities.length, levels.length]).toEqual([24, 8, 8]);
  expect(new Set(facilities).size).toBe(24);
});
