import type { Stage } from '../../pipeline/stage.ts';
import type { Redactor } from './redactor.ts';

/**
 * Replaces secrets. It stands before fields are taken out of a line, so that no label and no metadata holds what the line does not; behind multiline, so that keys of many lines are whole.
 */
export function redactStage(redactor: Redactor): Stage {
  return {
    take: (line, next) => {
      redactor.redact(line);
      next(line);
    },
  };
}
