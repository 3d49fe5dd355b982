import type { Stage } from '../syntax/mod.ts';
import { stageError } from '../syntax/errors.ts';
import { formatStage } from '../syntax/format.ts';
import { visitStage } from '../syntax/visit.ts';
import { extractionError } from './extraction-error.ts';
import { labelFilterError } from './label-filter.ts';
import { labelFormatError } from './label-format.ts';
import { lineFilterError } from './line-filter.ts';
import { lineFormatError } from './line-format.ts';
import { inRunOrder } from './order.ts';

/** Throws `parse_error` with Loki's words for the first stage that cannot be run: a bad pattern, template, expression or address. */
export function checkStages(stages: readonly Stage[]): void {
  const ordered = inRunOrder(stages);
  for (let from = 0; from < ordered.length; ) {
    // Line filters behind one another are one stage to Loki, which begins with the last of them.
    let to = from + 1;
    if (ordered[from]?.kind === 'line_filter') while (ordered[to]?.kind === 'line_filter') to++;
    const together = ordered.slice(from, to);
    for (const stage of together.toReversed()) {
      const reason = stageFault(stage);
      if (reason !== null) throw stageError(together.map(formatStage).join(' '), reason);
    }
    from = to;
  }
}

const none = (): null => null;

function stageFault(stage: Stage): string | null {
  return visitStage<string | null>(stage, {
    line_filter: lineFilterError,
    json: extractionError,
    logfmt: extractionError,
    regexp: none,
    pattern: none,
    unpack: none,
    label_filter: (s) => labelFilterError(s.filter),
    line_format: lineFormatError,
    label_format: labelFormatError,
    decolorize: none,
    drop: none,
    keep: none,
  });
}
