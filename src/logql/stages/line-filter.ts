import { anyFilter, containsFilter, filterBytes, notFilter, regexFilter, RegexSyntaxError, type TextFilter } from '../regex/mod.ts';
import type { LineFilter, LineFilterValue } from '../syntax/mod.ts';
import { compileIp } from './ip.ts';
import { linePatternError, matchesLinePattern, parseLinePattern } from './line-pattern.ts';
import type { CompiledStage, Row } from './stage.ts';

/** Compiles a line filter for the rows that come one by one. Throws RegexSyntaxError. */
export function compileLineFilter(stage: LineFilter): CompiledStage {
  const filters = textFilters(stage);
  const process = (row: Row): boolean => {
    for (const filter of filters) if (!filterBytes(filter, row.bytes, row.start, row.end)) return false;
    return true;
  };
  return { process, usesLine: filters.length > 0, usesLabels: false };
}

/**
 * What `|= "a" or "b"` and its sisters ask of a line, all of which must hold. A negated filter with alternatives holds where none of them does.
 * Throws RegexSyntaxError; other faults are found by lineFilterError before.
 */
export function textFilters(stage: LineFilter): readonly TextFilter[] {
  const filters = stage.alternatives.map((value) => compileValue(stage.op, value));
  if (stage.op === '!=' || stage.op === '!~' || stage.op === '!>') return filters.map(notFilter);
  const any = anyFilter(filters);
  return any.kind === 'true' ? [] : [any];
}

function compileValue(op: LineFilter['op'], { value, ip }: LineFilterValue): TextFilter {
  if (ip) {
    const test = compileIp(value);
    return { kind: 'custom', test: test ?? (() => false) };
  }
  if (op === '|=' || op === '!=') return containsFilter(value);
  if (op === '|~' || op === '!~') return regexFilter(value, false);
  const pattern = parseLinePattern(value);
  return { kind: 'custom', test: (bytes, from, to) => matchesLinePattern(pattern, bytes, from, to) };
}

/** What Loki says is wrong with a line filter; null where nothing is. */
export function lineFilterError(stage: LineFilter): string | null {
  for (const { value, ip } of stage.alternatives) {
    if (ip) {
      if (stage.op !== '|=' && stage.op !== '!=') return 'ip: invalid operation';
      if (compileIp(value) === null) return `ip: invalid pattern: ${JSON.stringify(value)}`;
    } else if (stage.op === '|>' || stage.op === '!>') {
      const error = linePatternError(value);
      if (error !== null) return error;
    } else if (stage.op === '|~' || stage.op === '!~') {
      try {
        regexFilter(value, false);
      } catch (error) {
        if (error instanceof RegexSyntaxError) return error.message;
        throw error;
      }
    }
  }
  return null;
}
