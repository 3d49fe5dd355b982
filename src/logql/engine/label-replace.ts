import { RE2JS, type Matcher } from 're2js';
import { labelValue } from '../../model/mod.ts';
import type { Matrix } from '../functions/matrix.ts';
import type { LabelReplaceNode } from '../plan/plan.ts';
import { withLabel } from './labels.ts';

/**
 * Sets a label from another one's value where that matches as a whole. Two series may come out with the same labels: Loki returns
 * both, and so do we.
 */
export function labelReplace(node: LabelReplaceNode, input: Matrix): Matrix {
  const pattern = RE2JS.compile(`^(?:${node.pattern})$`);
  const series = input.series.map((one) => {
    const matcher = pattern.matcher(labelValue(one.labels, node.source) ?? '');
    if (!matcher.find()) return one;
    return { ...one, labels: withLabel(one.labels, node.destination, expand(node.replacement, matcher)) };
  });
  return { steps: input.steps, series };
}

/** Go's Regexp.Expand: `$1`, `$name`, `${name}`, `$$`; a name takes in all letters, digits and underscores; unknown ones are empty. */
function expand(template: string, matcher: Matcher): string {
  return template.replaceAll(/\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu, (whole, braced: string | undefined, bare: string | undefined) => {
    if (whole === '$$') return '$';
    const name = braced ?? bare ?? '';
    if (/^\d+$/.test(name)) return Number(name) <= matcher.groupCount() ? (matcher.group(Number(name)) ?? '') : '';
    try {
      return matcher.group(name) ?? '';
    } catch {
      return '';
    }
  });
}
