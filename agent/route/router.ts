import type { LabelSet } from '../../src/model/mod.ts';
import type { LabelPredicate } from './selector.ts';

/** What decides whether a destination gets a stream. */
export interface RouteRule {
  /** Selectors of which one must hold; none: every stream. */
  readonly match: readonly LabelPredicate[];
}

/** Whether a stream goes to every destination that takes it, or to the first one. */
export type Routing = 'all' | 'first';

/** The places of the destinations that a stream goes to. Called once per label set, not per line. */
export function routeOf(rules: readonly RouteRule[], routing: Routing, labels: LabelSet): number[] {
  const places: number[] = [];
  for (const [place, { match }] of rules.entries()) {
    if (match.length > 0 && !match.some((predicate) => predicate(labels))) continue;
    places.push(place);
    if (routing === 'first') break;
  }
  return places;
}
