import type { Stage } from '../pipeline/stage.ts';
import { countDropped, countOne, type ShapeCounts } from './counts.ts';
import { compileMatch, type LineMatcher, type MatchOptions } from './match.ts';

/** A rule; the first that fits a line decides. */
export interface RuleOptions extends MatchOptions {
  /** What its lines are counted by. */
  readonly name: string;
  readonly action: 'drop' | 'keep';
}

/** Rules that are compiled: shared by all containers. */
export interface Rules {
  readonly rules: readonly { readonly action: 'drop' | 'keep'; readonly name: string; readonly reason: string; readonly matches: LineMatcher }[];
}

/** Compiles rules. Throws RegexSyntaxError. */
export function compileRules(options: readonly RuleOptions[]): Rules {
  return { rules: options.map((rule) => ({ action: rule.action, name: rule.name, reason: `rule:${rule.name}`, matches: compileMatch(rule) })) };
}

/** Drops and keeps lines by rules. A line that no rule fits is kept; `{action: drop}` without conditions as the last rule turns that around. */
export function rulesStage(compiled: Rules, counts: ShapeCounts): Stage {
  const { rules } = compiled;
  return {
    take: (line, next) => {
      for (const rule of rules) {
        if (!rule.matches(line)) continue;
        if (rule.action === 'drop') {
          countDropped(counts, rule.reason, line.end - line.start);
          return;
        }
        countOne(counts.kept, rule.name);
        break;
      }
      next(line);
    },
  };
}
