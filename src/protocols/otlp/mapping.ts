import { defaultIndexLabels, type AttributeAction, type AttributeRule, type OtlpConfig } from '../../model/mod.ts';

/** What an attribute belongs to. */
export type AttributeOwner = 'resource' | 'scope' | 'log';

/** Names whose action is remembered; they come from outside. */
const namesMax = 4096;
const nameLengthMax = 256;

/** Says whether a whole name matches; made of an RE2 expression. */
export type NameMatcher = (name: string) => boolean;

interface Rule {
  readonly action: AttributeAction;
  readonly fits: NameMatcher;
}

/** A tenant's `otlp_config`, ready for use: what becomes of each attribute. Keep it, as it remembers names. */
export class OtlpMapping {
  /** Labels that a missing service.name is taken from (limit `discover_service_name`); none: a stream may be without service_name. */
  readonly serviceLabels: readonly string[];
  readonly severityTextAsLabel: boolean;
  /** Whether labels can come from the records themselves. */
  readonly labelsOfRecords: boolean;
  readonly #rules: Readonly<Record<AttributeOwner, readonly Rule[]>>;
  readonly #known: Readonly<Record<AttributeOwner, Map<string, AttributeAction>>> = { resource: new Map(), scope: new Map(), log: new Map() };

  /** @param matcher compiles the `regex` of a rule, which has been checked */
  constructor(config: OtlpConfig, serviceLabels: readonly string[], matcher: (regex: string) => NameMatcher) {
    const { ignore_defaults: ignoresDefaults, attributes_config: ofResource } = config.resource_attributes;
    const defaults: AttributeRule = { action: 'index_label', attributes: defaultIndexLabels, regex: '' };
    const compile = ({ action, attributes, regex }: AttributeRule): Rule => {
      if (regex !== '') return { action, fits: matcher(regex) };
      const names = new Set(attributes);
      return { action, fits: (name) => names.has(name) };
    };
    this.serviceLabels = serviceLabels;
    this.severityTextAsLabel = config.severity_text_as_label;
    this.labelsOfRecords = config.severity_text_as_label || config.log_attributes.some(({ action }) => action === 'index_label');
    this.#rules = {
      resource: [...(ignoresDefaults ? [] : [defaults]), ...ofResource].map(compile),
      scope: config.scope_attributes.map(compile),
      log: config.log_attributes.map(compile),
    };
  }

  /** What becomes of an attribute, by its name as it was sent. */
  actionFor(owner: AttributeOwner, name: string): AttributeAction {
    const rules = this.#rules[owner];
    if (rules.length === 0) return 'structured_metadata';
    const known = this.#known[owner];
    let action = known.get(name);
    if (action === undefined) {
      action = rules.find(({ fits }) => fits(name))?.action ?? 'structured_metadata';
      if (known.size < namesMax && name.length <= nameLengthMax) known.set(name, action);
    }
    return action;
  }
}
