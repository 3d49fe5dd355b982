import { describe, expect, it } from 'vitest';
import { defaultOtlpConfig } from '../../../src/model/mod.ts';
import { readOtlpConfig } from '../../../src/server/config/otlp-config.ts';
import { readConfiguration } from '../../../src/server/mod.ts';

const full = {
  resource_attributes: { ignore_defaults: true, attributes_config: [{ action: 'index_label', attributes: ['service.name', 'team'] }, { action: 'drop', regex: 'secret.*' }] },
  scope_attributes: [{ action: 'drop', attributes: ['noisy'] }],
  log_attributes: [{ attributes: ['a'] }, { action: 'index_label', regex: 'tier' }],
  severity_text_as_label: true,
};

it('reads what Loki reads', () => {
  expect(readOtlpConfig(full)).toEqual({
    value: {
      resource_attributes: {
        ignore_defaults: true,
        attributes_config: [{ action: 'index_label', attributes: ['service.name', 'team'], regex: '' }, { action: 'drop', attributes: [], regex: 'secret.*' }],
      },
      scope_attributes: [{ action: 'drop', attributes: ['noisy'], regex: '' }],
      log_attributes: [{ action: 'structured_metadata', attributes: ['a'], regex: '' }, { action: 'index_label', attributes: [], regex: 'tier' }],
      severity_text_as_label: true,
    },
  });
  expect(readOtlpConfig({})).toEqual({ value: defaultOtlpConfig });
  expect(readOtlpConfig(null)).toEqual({ value: defaultOtlpConfig });
});

describe('says what is wrong', () => {
  it.each<[string, unknown, string]>([
    ['a list', [], 'must be a mapping'],
    ['an unknown key', { attributes: {} }, 'unknown key attributes'],
    ['an unknown key below', { resource_attributes: { config: [] } }, 'resource_attributes: unknown key config'],
    ['rules that are no list', { log_attributes: {} }, 'log_attributes: must be a list of action, attributes and regex'],
    ['an unknown action', { log_attributes: [{ action: 'keep', attributes: ['a'] }] }, 'log_attributes: entry 1: action must be one of index_label, structured_metadata, drop'],
    ['neither names nor an expression', { log_attributes: [{ action: 'drop' }] }, 'log_attributes: entry 1: attributes or regex must be set'],
    ['both', { scope_attributes: [{ attributes: ['a'] }, { attributes: ['a'], regex: 'b' }] }, 'scope_attributes: entry 2: only one of attributes and regex may be set'],
    ['labels of a scope', { scope_attributes: [{ action: 'index_label', attributes: ['a'] }] }, 'scope_attributes: entry 1: the attributes of a scope cannot be labels (index_label)'],
    ['a bad expression', { log_attributes: [{ regex: '(' }] }, 'log_attributes: entry 1: regex: error parsing regexp: missing closing ): `(`'],
    ['a flag that is none', { severity_text_as_label: 'yes' }, 'severity_text_as_label must be true or false'],
    ['another flag', { resource_attributes: { ignore_defaults: 1 } }, 'resource_attributes: ignore_defaults must be true or false'],
    ['names that are none', { log_attributes: [{ attributes: [1] }] }, 'log_attributes: entry 1: attributes must be a list of names'],
  ])('%s', (_, raw, wrong) => expect(readOtlpConfig(raw)).toEqual({ wrong }));

  it('with its place in the file', () => {
    const text = 'overrides:\n  t:\n    otlp_config: {log_attributes: 1}\n';
    expect(() => readConfiguration({ file: { name: 'f.yaml', text }, environment: {}, flags: {} })).toThrow('f.yaml:3: overrides.t.otlp_config: log_attributes: must be a list');
  });
});
