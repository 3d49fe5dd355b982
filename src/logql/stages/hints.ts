import type { RangeAggregation } from '../plan/aggregation.ts';
import type { Grouping } from '../syntax/mod.ts';

/** What is known about the labels that a query needs. */
export interface LabelNeeds {
  /** Labels that parsers have to make; null: all. */
  readonly required: readonly string[] | null;
  /** True where parsers have nothing to do. */
  readonly skipParsers: boolean;
  /** The grouping of groupedResult; null keeps all labels. */
  readonly grouping: Grouping | null;
  /** True where rows with an error are grouped like others, with `__error__` and `__error_details__` as labels. */
  readonly keepErrors: boolean;
  /** Whether a parser drops a row as soon as a label fails a later label filter on it, as Loki does. */
  readonly filterWhileParsing: boolean;
}

/** A log query needs all labels. */
export const allLabels: LabelNeeds = { required: null, skipParsers: false, grouping: null, keepErrors: false, filterWhileParsing: true };

/** What a range aggregation needs. */
export function labelNeeds(aggregation: RangeAggregation): LabelNeeds {
  const { grouping, unwrap, requiredLabels, skipParsers, keepErrors } = aggregation;
  const none = aggregation.op === 'absent_over_time' || (grouping !== null && !grouping.without && grouping.labels.length === 0);
  // The unwrapped label is no label of the series any more, unless it was asked for.
  const without = grouping === null || grouping.without ? [...(grouping?.labels ?? []), ...(unwrap === null ? [] : [unwrap.label])] : null;
  return {
    required: requiredLabels,
    skipParsers,
    grouping: none ? { without: false, labels: [] } : without === null ? grouping : without.length === 0 ? null : { without: true, labels: without },
    keepErrors,
    filterWhileParsing: none || without !== null,
  };
}
