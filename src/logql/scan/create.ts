import type { ScanTask } from '../source.ts';
import { AggregateScanner } from './aggregate-scanner.ts';
import { LogScanner } from './log-scanner.ts';
import { PatternsScanner } from './patterns-scanner.ts';
import type { BlockScanner } from './scanner.ts';

/**
 * Makes the scanner of a task; one for each worker. Throws RegexSyntaxError or TemplateSyntaxError for stages that stageError finds fault with, and
 * from `add` what the aggregator throws (max_query_series, query_memory) and `corruption` for structured metadata that is none.
 */
export function createScanner(task: ScanTask): BlockScanner {
  const { output } = task;
  if (output.kind === 'patterns') return new PatternsScanner(task, output);
  return output.kind === 'log' ? new LogScanner(task, output) : new AggregateScanner(task, output.aggregation);
}
