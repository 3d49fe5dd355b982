import type { TextFilter } from '../regex/mod.ts';
import { textFilters } from '../stages/line-filter.ts';
import { inRunOrder } from '../stages/order.ts';
import type { LineFilter, Stage } from '../syntax/mod.ts';

/** Stages apart: the filters that see the line as it was stored, and the rest in the order in which they run. */
export interface SplitStages {
  readonly filters: readonly TextFilter[];
  readonly rest: readonly Stage[];
}

/** Orders stages as Loki runs them and takes off the line filters in front. Throws RegexSyntaxError. */
export function splitStages(stages: readonly Stage[]): SplitStages {
  const ordered = inRunOrder(stages);
  const count = ordered.findIndex((stage) => stage.kind !== 'line_filter');
  const leading = count < 0 ? ordered : ordered.slice(0, count);
  return { filters: (leading as LineFilter[]).flatMap((stage) => textFilters(stage)), rest: count < 0 ? [] : ordered.slice(count) };
}
