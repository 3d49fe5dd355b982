import { labelValue } from '../../model/mod.ts';
import type { Matrix } from '../functions/matrix.ts';
import type { LabelReplaceNode } from '../plan/plan.ts';
import { compileRegex } from '../regex/mod.ts';
import { withLabel, withoutEmpty } from './labels.ts';

/**
 * Sets a label from another one's value where that matches as a whole. Two series may come out with the same labels: Loki returns
 * both, and so do we.
 */
export function labelReplace(node: LabelReplaceNode, input: Matrix): Matrix {
  const pattern = compileRegex(`^(?:${node.pattern})$`);
  const series = input.series.map((one) => {
    const source = Buffer.from(labelValue(one.labels, node.source) ?? '');
    const slots = pattern.find(source, 0, source.length);
    if (slots === null) return one;
    const group = (index: number): string => {
      const [start = -1, end = -1] = [slots[2 * index], slots[2 * index + 1]];
      return start < 0 ? '' : source.toString('utf8', start, end);
    };
    return { ...one, labels: withLabel(withoutEmpty(one.labels), node.destination, expand(node.replacement, pattern.names, group)) };
  });
  return { steps: input.steps, series };
}

/** Go's Regexp.Expand: `$1`, `$name`, `${name}`, `$$`; a name takes in all letters, digits and underscores; unknown ones are empty. */
function expand(template: string, names: readonly string[], group: (index: number) => string): string {
  return template.replaceAll(/\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu, (whole, braced: string | undefined, bare: string | undefined) => {
    if (whole === '$$') return '$';
    const name = braced ?? bare ?? '';
    if (/^\d+$/.test(name)) return group(Number(name));
    // Of groups with the same name the last one that took part counts.
    return names.map((other, i) => (other === name ? group(i + 1) : '')).findLast((text) => text !== '') ?? '';
  });
}
