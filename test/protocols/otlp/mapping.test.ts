import { expect, it } from 'vitest';
import { defaultIndexLabels, defaultOtlpConfig, type AttributeRule } from '../../../src/model/mod.ts';
import { OtlpMapping } from '../../../src/protocols/mod.ts';

const matcher = (regex: string) => (name: string): boolean => new RegExp(`^(?:${regex})$`, 'v').test(name);
const rule = (action: AttributeRule['action'], attributes: readonly string[], regex = ''): AttributeRule => ({ action, attributes, regex });

it("makes Loki's 18 resource attributes labels, and everything else metadata", () => {
  const mapping = new OtlpMapping(defaultOtlpConfig, ['app'], matcher);
  expect(defaultIndexLabels).toHaveLength(18);
  for (const name of defaultIndexLabels) {
    expect(mapping.actionFor('resource', name)).toBe('index_label');
    expect(mapping.actionFor('scope', name)).toBe('structured_metadata');
    expect(mapping.actionFor('log', name)).toBe('structured_metadata');
  }
  expect(mapping.actionFor('resource', 'service_name')).toBe('structured_metadata');
  expect(mapping.labelsOfRecords).toBe(false);
  expect(mapping.serviceLabels).toEqual(['app']);
});

it('takes the first rule that fits; the defaults come first, unless they are left out', () => {
  const rules = [rule('drop', ['service.name', 'a']), rule('index_label', [], 'a|b.*'), rule('structured_metadata', ['bc'])];
  const config = (ignores: boolean) => ({ ...defaultOtlpConfig, resource_attributes: { ignore_defaults: ignores, attributes_config: rules } });
  const actions = (ignores: boolean): string[] => {
    const mapping = new OtlpMapping(config(ignores), [], matcher);
    // Twice, as answers are remembered.
    for (const name of ['service.name', 'a', 'bc']) mapping.actionFor('resource', name);
    return ['service.name', 'a', 'bc', 'ab', 'cb', 'k8s.pod.name'].map((name) => mapping.actionFor('resource', name));
  };
  expect(actions(false)).toEqual(['index_label', 'drop', 'index_label', 'structured_metadata', 'structured_metadata', 'index_label']);
  expect(actions(true)).toEqual(['drop', 'drop', 'index_label', 'structured_metadata', 'structured_metadata', 'structured_metadata']);
});

it('knows when records have labels of their own', () => {
  expect(new OtlpMapping({ ...defaultOtlpConfig, severity_text_as_label: true }, [], matcher).labelsOfRecords).toBe(true);
  expect(new OtlpMapping({ ...defaultOtlpConfig, log_attributes: [rule('index_label', ['a'])] }, [], matcher).labelsOfRecords).toBe(true);
  expect(new OtlpMapping({ ...defaultOtlpConfig, log_attributes: [rule('drop', ['a'])] }, [], matcher).labelsOfRecords).toBe(false);
});
