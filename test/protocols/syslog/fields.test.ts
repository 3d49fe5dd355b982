import { expect, it } from 'vitest';
import { readConstantLabels, SyslogRules } from '../../../src/protocols/mod.ts';

it('reads labels that all entries have', () => {
  expect(readConstantLabels(' job=syslog, site = a b ,', 'x')).toEqual([['job', 'syslog'], ['site', 'a b']]);
  expect(() => readConstantLabels('job', 'syslog.labels')).toThrow('syslog.labels: job is no label');
  expect(() => readConstantLabels('1a=b', 'syslog.labels')).toThrow('1a=b is no label');
});

it('gives each label one slot, the constant ones first', () => {
  const rules = new SyslogRules(['host', 'app=host', 'job', 'x@1.y', '9'], [['job', 'syslog']]);
  expect(rules.labels).toEqual(['job', 'host', 'x_1_y', '_9']);
  expect(rules.slots).toEqual([1, -1, -1, -1, -1, -1]);
  expect(rules.parameters).toEqual(new Map([['x@1.y', 2], ['9', 3]]));
});
