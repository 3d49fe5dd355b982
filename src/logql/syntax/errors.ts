import { SpoorError } from '../../model/mod.ts';

/** `parse error : …` for what makes no sense as a whole. */
export function parseError(reason: string): SpoorError {
  return new SpoorError('parse_error', { where: '', reason });
}

/** `parse error at line 1, col 2: …`. */
export function parseErrorAt(line: number, column: number, reason: string): SpoorError {
  return line === 0 && column === 0 ? parseError(reason) : new SpoorError('parse_error', { where: `at line ${line}, col ${column}`, reason });
}

/** Loki's text for an error inside a stage; `stage` is its printed form. */
export function stageError(stage: string, reason: string): SpoorError {
  return parseError(`stage '${stage}' : ${reason}`);
}
