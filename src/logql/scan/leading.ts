import type { TextFilter } from '../regex/mod.ts';
import { textFilters } from '../stages/line-filter.ts';
import type { LineFilter, Stage } from '../syntax/mod.ts';

/** Stages apart: the filters that see the line as it was stored, and the rest in the order in which they run. */
export interface SplitStages {
  readonly filters: readonly TextFilter[];
  readonly rest: readonly Stage[];
}

/**
 * Orders stages as Loki runs them and takes off the line filters in front. Line filters move forward to the last label filter, line_format or unpack
 * before them: so also past `decolorize`, and then they see the colours. Throws RegexSyntaxError.
 */
export function splitStages(stages: readonly Stage[]): SplitStages {
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
  const count = ordered.findIndex((stage) => stage.kind !== 'line_filter');
  const leading = count < 0 ? ordered : ordered.slice(0, count);
  return { filters: (leading as LineFilter[]).flatMap((stage) => textFilters(stage)), rest: count < 0 ? [] : ordered.slice(count) };
}
