import { systemClock } from '../../../model/mod.ts';
import { builtinFunctions } from './builtins.ts';
import { dateFunctions } from './dates.ts';
import { numberFunctions } from './numbers.ts';
import { regexFunctions } from './regex.ts';
import type { TemplateFunction } from './spec.ts';
import { stringFunctions } from './strings.ts';

/** Every function of the template language but `and`, `or`, `__line__` and `__timestamp__`, which the engine evaluates itself. */
export const templateFunctions: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({ ...builtinFunctions, ...stringFunctions, ...numberFunctions, ...regexFunctions, ...dateFunctions(() => systemClock.nowNs()) }),
);

/** Names that the engine evaluates itself. */
const special = new Set(['and', 'or', 'call', '__line__', '__timestamp__']);

/** Whether a template may call `name`. */
export function isTemplateFunction(name: string): boolean {
  return special.has(name) || templateFunctions.has(name);
}
