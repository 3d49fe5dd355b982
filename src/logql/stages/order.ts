import type { Stage } from '../syntax/mod.ts';

/**
 * Stages in the order in which Loki runs them: line filters move forward to the last label filter, line_format or unpack before them, so also past
 * `decolorize`, and then they see the colours.
 */
export function inRunOrder(stages: readonly Stage[]): Stage[] {
  const ordered: Stage[] = [];
  let lineFilters: Stage[] = [];
  let others: Stage[] = [];
  const flush = (): void => {
    ordered.push(...lineFilters, ...others);
    lineFilters = [];
    others = [];
  };
  for (const stage of stages) {
    if (stage.kind === 'label_filter') {
      flush();
      ordered.push(stage);
    } else if (stage.kind === 'line_filter') lineFilters.push(stage);
    else {
      others.push(stage);
      if (stage.kind === 'line_format' || stage.kind === 'unpack') flush();
    }
  }
  flush();
  return ordered;
}
