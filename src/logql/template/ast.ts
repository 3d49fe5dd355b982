/** The tree of a Go text/template. `at` is the offset in the template's text, `text` how Go prints the node in errors. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly at: number; readonly text: string }
  | { readonly kind: 'action'; readonly at: number; readonly pipe: Pipeline }
  | { readonly kind: 'branch'; readonly word: 'if' | 'with' | 'range'; readonly at: number; readonly pipe: Pipeline; readonly body: Body; readonly otherwise: Body | null }
  | { readonly kind: 'break'; readonly at: number }
  | { readonly kind: 'continue'; readonly at: number }
  | { readonly kind: 'template'; readonly at: number; readonly name: string; readonly pipe: Pipeline | null };

export type Body = readonly TemplateNode[];

/** `$a, $b := x y | z`. */
export interface Pipeline {
  readonly at: number;
  readonly declare: readonly string[];
  /** True for `=`, false for `:=`. */
  readonly assign: boolean;
  readonly commands: readonly Command[];
}

export interface Command {
  readonly at: number;
  readonly text: string;
  readonly operands: readonly Operand[];
}

export type Operand =
  | { readonly kind: 'dot' | 'nil'; readonly at: number; readonly text: string }
  | { readonly kind: 'field'; readonly at: number; readonly text: string; readonly names: readonly string[] }
  | { readonly kind: 'variable'; readonly at: number; readonly text: string; readonly name: string; readonly names: readonly string[] }
  | { readonly kind: 'function'; readonly at: number; readonly text: string; readonly name: string }
  | { readonly kind: 'chain'; readonly at: number; readonly text: string; readonly of: Operand; readonly names: readonly string[] }
  | { readonly kind: 'pipe'; readonly at: number; readonly text: string; readonly pipe: Pipeline }
  | { readonly kind: 'constant'; readonly at: number; readonly text: string; readonly value: string | boolean }
  | NumberOperand;

/** A number in the template: an integer where it can be one, a float where it is written as one. */
export interface NumberOperand {
  readonly kind: 'number';
  readonly at: number;
  readonly text: string;
  readonly integer: bigint | null;
  readonly float: number;
  /** Whether an untyped use takes the float. */
  readonly isFloat: boolean;
}

/** A template that does not parse, with Go's words after `template: name:`. */
export class TemplateSyntaxError extends Error {
  constructor(name: string, line: number, reason: string) {
    super(`template: ${name}:${line}: ${reason}`);
    this.name = 'TemplateSyntaxError';
  }
}
