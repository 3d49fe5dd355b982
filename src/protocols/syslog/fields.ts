import { SpoorError } from '../../model/mod.ts';

/** The fields of every message, by the names under which they are stored. */
export const syslogFields = ['host', 'app', 'facility', 'severity', 'proc_id', 'msg_id'] as const;

/** Their places in the list. */
export const field = { host: 0, app: 1, facility: 2, severity: 3, procId: 4, msgId: 5 } as const;

const labelPattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** What becomes a label: fields by {@link syslogFields}, parameters of structured data as `id.name`, and labels that all entries have. */
export class SyslogRules {
  /** Label names, one a slot; the constant ones come first. */
  readonly labels: readonly string[];
  readonly constants: readonly Buffer[];
  /** By field: its slot, or -1. */
  readonly slots: readonly number[];
  /** By `id.name`: its slot. */
  readonly parameters: ReadonlyMap<string, number>;

  constructor(labelFields: readonly string[], constants: readonly (readonly [name: string, value: string])[]) {
    const labels: string[] = constants.map(([name]) => name);
    const parameters = new Map<string, number>();
    const slots: number[] = syslogFields.map(() => -1);
    for (const text of labelFields) {
      const [name = '', renamed] = text.split('=', 2);
      const label = (renamed === undefined || renamed === '' ? name : renamed).replaceAll(/[^a-zA-Z0-9_]+/g, '_').replace(/^(?=[0-9])/, '_');
      if (label === '' || labels.includes(label)) continue;
      const slot = labels.push(label) - 1;
      const place = (syslogFields as readonly string[]).indexOf(name);
      if (place >= 0) slots[place] = slot;
      else parameters.set(name, slot);
    }
    this.labels = labels;
    this.constants = constants.map(([, value]) => Buffer.from(value));
    this.slots = slots;
    this.parameters = parameters;
  }
}

/** Reads labels written as `job=syslog,site=a`. Throws `bad_config` naming the setting. */
export function readConstantLabels(text: string, where: string): readonly (readonly [string, string])[] {
  return text
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      const name = pair.slice(0, at).trim();
      if (at < 1 || !labelPattern.test(name)) throw new SpoorError('bad_config', { where, reason: `${pair} is no label; write name=value, with commas between` });
      return [name, pair.slice(at + 1).trim()] as const;
    });
}
