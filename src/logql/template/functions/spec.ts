import type { GoValue } from '../values.ts';

/** What a parameter takes: a Go type, or anything. */
export type Parameter = 'string' | 'int' | 'float' | 'time' | 'any';

/** A function of the template language. Arguments were checked against `parameters`, and those after them against `rest`. */
export interface TemplateFunction {
  readonly parameters: readonly Parameter[];
  readonly rest?: Parameter;
  readonly call: (...values: never[]) => GoValue;
}

/** A function with its types erased for calling. */
export type AnyCall = (...values: readonly GoValue[]) => GoValue;

export function define(parameters: readonly Parameter[], call: (...values: never[]) => GoValue, rest?: Parameter): TemplateFunction {
  return rest === undefined ? { parameters, call } : { parameters, call, rest };
}
