import type { Stage } from '../syntax/mod.ts';
import { ExpressionError, parseJsonPath, parseLogfmtKey } from './json-path.ts';

/** What Loki says is wrong with the expressions of a json or logfmt stage; null where nothing is. */
export function extractionError(stage: Stage): string | null {
  if (stage.kind !== 'json' && stage.kind !== 'logfmt') return null;
  for (const { expression } of stage.extractions) {
    try {
      if (stage.kind === 'json') parseJsonPath(expression);
      else parseLogfmtKey(expression);
    } catch (error) {
      if (error instanceof ExpressionError) return `cannot parse expression [${expression}]: ${error.message}`;
      throw error;
    }
  }
  return null;
}
