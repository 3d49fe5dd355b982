import { compileRegex, RegexSyntaxError } from '../../logql/mod.ts';
import { defaultOtlpConfig, reasonOf, type AttributeAction, type AttributeRule, type OtlpConfig } from '../../model/mod.ts';
import type { Read } from './values.ts';

const actions: readonly string[] = ['index_label', 'structured_metadata', 'drop'] satisfies readonly AttributeAction[];

/** Reads otlp_config as Loki's configuration has it. */
export function readOtlpConfig(raw: unknown): Read<OtlpConfig> {
  if (raw === null) return { value: defaultOtlpConfig };
  const given = mappingOf(raw, ['resource_attributes', 'scope_attributes', 'log_attributes', 'severity_text_as_label']);
  if ('wrong' in given) return given;
  const resource = mappingOf(given.value.get('resource_attributes') ?? {}, ['ignore_defaults', 'attributes_config']);
  if ('wrong' in resource) return { wrong: `resource_attributes: ${resource.wrong}` };
  const ignoreDefaults = resource.value.get('ignore_defaults') ?? false;
  if (typeof ignoreDefaults !== 'boolean') return { wrong: 'resource_attributes: ignore_defaults must be true or false' };
  const severityText = given.value.get('severity_text_as_label') ?? false;
  if (typeof severityText !== 'boolean') return { wrong: 'severity_text_as_label must be true or false' };
  const ofResource = readRules(resource.value.get('attributes_config'), true);
  if ('wrong' in ofResource) return { wrong: `resource_attributes: ${ofResource.wrong}` };
  const ofScope = readRules(given.value.get('scope_attributes'), false);
  if ('wrong' in ofScope) return { wrong: `scope_attributes: ${ofScope.wrong}` };
  const ofLog = readRules(given.value.get('log_attributes'), true);
  if ('wrong' in ofLog) return { wrong: `log_attributes: ${ofLog.wrong}` };
  return {
    value: {
      resource_attributes: { ignore_defaults: ignoreDefaults, attributes_config: ofResource.value },
      scope_attributes: ofScope.value,
      log_attributes: ofLog.value,
      severity_text_as_label: severityText,
    },
  };
}

function readRules(raw: unknown, mayIndex: boolean): Read<readonly AttributeRule[]> {
  if (raw === undefined || raw === null) return { value: [] };
  if (!Array.isArray(raw)) return { wrong: 'must be a list of action, attributes and regex' };
  const read: AttributeRule[] = [];
  for (const [i, entry] of raw.entries()) {
    const one = readRule(entry, mayIndex);
    if ('wrong' in one) return { wrong: `entry ${i + 1}: ${one.wrong}` };
    read.push(one.value);
  }
  return { value: read };
}

function readRule(raw: unknown, mayIndex: boolean): Read<AttributeRule> {
  const given = mappingOf(raw, ['action', 'attributes', 'regex']);
  if ('wrong' in given) return given;
  const action = given.value.get('action') ?? 'structured_metadata';
  const attributes: unknown = given.value.get('attributes') ?? [];
  const regex = given.value.get('regex') ?? '';
  if (typeof action !== 'string' || !actions.includes(action)) return { wrong: `action must be one of ${actions.join(', ')}` };
  if (action === 'index_label' && !mayIndex) return { wrong: 'the attributes of a scope cannot be labels (index_label)' };
  if (!Array.isArray(attributes) || !attributes.every((name): name is string => typeof name === 'string')) return { wrong: 'attributes must be a list of names' };
  if (typeof regex !== 'string') return { wrong: 'regex must be a text' };
  if (attributes.length === 0 && regex === '') return { wrong: 'attributes or regex must be set' };
  if (attributes.length > 0 && regex !== '') return { wrong: 'only one of attributes and regex may be set' };
  try {
    if (regex !== '') compileRegex(regex);
  } catch (error) {
    if (error instanceof RegexSyntaxError) return { wrong: `regex: ${reasonOf(error)}` };
    throw error;
  }
  return { value: { action: action as AttributeAction, attributes, regex } };
}

function mappingOf(raw: unknown, keys: readonly string[]): Read<ReadonlyMap<string, unknown>> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return { wrong: 'must be a mapping' };
  const given = new Map<string, unknown>(Object.entries(raw));
  for (const key of given.keys()) if (!keys.includes(key)) return { wrong: `unknown key ${key}` };
  return { value: given };
}
