import { createHash } from 'node:crypto';
import { compileRegex, type ByteMatcher } from '../../src/logql/regex/mod.ts';
import { labelSet, type LabelSet } from '../../src/model/mod.ts';
import type { StreamLabels } from '../buffer/batch.ts';
import type { LineView } from '../join/line.ts';
import type { Stage } from '../pipeline/stage.ts';
import { countDropped, type ShapeCounts } from './counts.ts';

export const relabelActions = ['replace', 'keep', 'drop', 'keepequal', 'dropequal', 'hashmod', 'labelmap', 'labeldrop', 'labelkeep', 'lowercase', 'uppercase'] as const;
export type RelabelAction = (typeof relabelActions)[number];

/** A step as in Prometheus' relabel_config (prometheus.io, configuration), with its defaults filled in. */
export interface RelabelOptions {
  readonly action: RelabelAction;
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  /** RE2 syntax; matches as a whole. */
  readonly regex: string;
  readonly targetLabel: string;
  readonly replacement: string;
  readonly modulus: number;
}

/** Labels of a line that are no labels of its stream: sources only. What begins with two underscores is taken away at the end. */
export const fieldSourcePrefix = '__meta_field_';
const levelSource = '__meta_level';
const traceSource = '__meta_trace_id';
/** A label that a step may set: the tenant that the line is sent as. */
export const tenantTarget = '__tenant_id__';

const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Label sets that are remembered by what they were made from; a container that makes more of them than that is slow, not wrong. */
const rememberedMax = 1000;

type Labels = Map<string, string>;
type Step = (labels: Labels) => boolean;

/** Compiled steps: shared by all containers. Keeps results, so that equal labels are the same object. */
export class Relabel {
  readonly #steps: readonly Step[];
  /** Sources that change from line to line. */
  readonly #dynamic: readonly string[];
  readonly #fixed = new WeakMap<StreamLabels, StreamLabels | 'drop'>();
  readonly #changing = new WeakMap<StreamLabels, Map<string, StreamLabels | 'drop'>>();
  readonly #known = new Map<string, StreamLabels>();

  /** Throws RegexSyntaxError. */
  constructor(options: readonly RelabelOptions[]) {
    this.#steps = options.map(compileStep);
    const sources = new Set(options.flatMap((step) => step.sourceLabels));
    this.#dynamic = Array.from(sources).filter((name) => name.startsWith(fieldSourcePrefix) || name === levelSource || name === traceSource);
  }

  /** What a line is sent with; `drop` where a step drops it. */
  apply(line: LineView): StreamLabels | 'drop' {
    if (this.#dynamic.length === 0) {
      let result = this.#fixed.get(line.labels);
      if (result === undefined) {
        result = this.#make(line.labels, []);
        this.#fixed.set(line.labels, result);
      }
      return result;
    }
    const values = this.#dynamic.map((name) => valueOf(line, name));
    let results = this.#changing.get(line.labels);
    if (results === undefined) {
      results = new Map();
      this.#changing.set(line.labels, results);
    }
    const key = values.join('\0');
    let result = results.get(key);
    if (result === undefined) {
      result = this.#make(line.labels, values);
      if (results.size >= rememberedMax) results.clear();
      results.set(key, result);
    }
    return result;
  }

  #make(stream: StreamLabels, values: readonly string[]): StreamLabels | 'drop' {
    const labels: Labels = new Map(stream.labels.map((label) => [label.name, label.value]));
    if (stream.tenant !== undefined) labels.set(tenantTarget, stream.tenant);
    for (const [i, name] of this.#dynamic.entries()) if (values[i] !== '') labels.set(name, values[i] ?? '');
    for (const step of this.#steps) if (!step(labels)) return 'drop';
    const tenant = labels.get(tenantTarget);
    const left = labelSet(Array.from(labels).filter(([name, value]) => !name.startsWith('__') && value !== ''));
    return this.#same(stream, left, tenant === '' ? undefined : tenant);
  }

  /** One object for equal labels and tenant. */
  #same(stream: StreamLabels, labels: LabelSet, tenant: string | undefined): StreamLabels {
    if (tenant === stream.tenant && labels.length === stream.labels.length && labels.every((label, i) => label.name === stream.labels[i]?.name && label.value === stream.labels[i]?.value)) {
      return stream;
    }
    const key = JSON.stringify([tenant, labels.map((label) => [label.name, label.value])]);
    let known = this.#known.get(key);
    if (known === undefined) {
      known = tenant === undefined ? { labels } : { labels, tenant };
      if (this.#known.size >= rememberedMax) this.#known.clear();
      this.#known.set(key, known);
    }
    return known;
  }
}

function valueOf(line: LineView, source: string): string {
  if (source === levelSource) return line.level ?? '';
  if (source === traceSource) return line.trace ?? '';
  return line.fields?.get(source.slice(fieldSourcePrefix.length)) ?? '';
}

/** Changes the labels of lines, and drops lines by them. */
export function relabelStage(relabel: Relabel, counts: ShapeCounts): Stage {
  return {
    take: (line, next) => {
      const labels = relabel.apply(line);
      if (labels === 'drop') {
        countDropped(counts, 'relabel', line.end - line.start);
        return;
      }
      line.labels = labels;
      next(line);
    },
  };
}

function compileStep(options: RelabelOptions): Step {
  const { action, sourceLabels, separator, targetLabel, replacement, modulus } = options;
  const matcher = compileRegex(options.regex, { anchored: true, dotNewline: true });
  const source = (labels: Labels): string => sourceLabels.map((name) => labels.get(name) ?? '').join(separator);
  const set = (labels: Labels, name: string, value: string): true => {
    if (value === '') labels.delete(name);
    else labels.set(name, value);
    return true;
  };
  const steps: { readonly [name in RelabelAction]: Step } = {
    replace: (labels) => {
      const text = Buffer.from(source(labels));
      const slots = matcher.find(text, 0, text.length);
      if (slots === null) return true;
      const target = expand(targetLabel, text, slots, matcher);
      return labelName.test(target) ? set(labels, target, expand(replacement, text, slots, matcher)) : true;
    },
    keep: (labels) => matcher.matchesText(source(labels)),
    drop: (labels) => !matcher.matchesText(source(labels)),
    keepequal: (labels) => (labels.get(targetLabel) ?? '') === source(labels),
    dropequal: (labels) => (labels.get(targetLabel) ?? '') !== source(labels),
    hashmod: (labels) => {
      const hash = createHash('md5').update(source(labels)).digest().readBigUInt64BE(8);
      return set(labels, targetLabel, String(hash % BigInt(modulus)));
    },
    labelmap: (labels) => {
      for (const [name, value] of Array.from(labels)) {
        const text = Buffer.from(name);
        const slots = matcher.find(text, 0, text.length);
        if (slots === null) continue;
        const target = expand(replacement, text, slots, matcher);
        if (labelName.test(target)) set(labels, target, value);
      }
      return true;
    },
    labeldrop: (labels) => {
      for (const name of Array.from(labels.keys())) if (matcher.matchesText(name)) labels.delete(name);
      return true;
    },
    labelkeep: (labels) => {
      for (const name of Array.from(labels.keys())) if (!matcher.matchesText(name)) labels.delete(name);
      return true;
    },
    lowercase: (labels) => set(labels, targetLabel, source(labels).toLowerCase()),
    uppercase: (labels) => set(labels, targetLabel, source(labels).toUpperCase()),
  };
  return steps[action];
}

/** `$1`, `${1}`, `$name`, `${name}`, `$$`, as Go's regexp.Expand reads them. */
function expand(template: string, text: Buffer, slots: Int32Array, matcher: ByteMatcher): string {
  return template.replaceAll(/\$(?:\$|\{([^}]*)\}|([A-Za-z0-9_]+))/g, (whole: string, braced: string | undefined, bare: string | undefined) => {
    if (whole === '$$') return '$';
    const name = braced ?? bare ?? '';
    const group = /^\d{1,4}$/.test(name) ? Number(name) : matcher.names.indexOf(name) + 1;
    if (group === 0 && name !== '0') return '';
    const start = slots[2 * group] ?? -1;
    return start < 0 ? '' : text.toString('utf8', start, slots[2 * group + 1]);
  });
}
