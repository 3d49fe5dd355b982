import { TemplateSyntaxError, type Body, type Pipeline } from './ast.ts';
import { isTemplateFunction } from './functions/all.ts';
import { parseTemplate } from './parse.ts';

/**
 * The labels that a template reads, as Loki works them out: the fields in actions and conditions (of `.a.b` both), but not those of named templates
 * and of what is handed to them, nor behind variables and parentheses (`$.a`, `(…).a`). None where the template does not parse.
 */
export function templateFields(template: string): string[] {
  try {
    return bodyFields(parseTemplate('', template, isTemplateFunction).body);
  } catch (error) {
    if (error instanceof TemplateSyntaxError) return [];
    throw error;
  }
}

function bodyFields(body: Body): string[] {
  return body.flatMap((node) => {
    if (node.kind === 'action') return pipeFields(node.pipe);
    return node.kind === 'branch' ? [...pipeFields(node.pipe), ...bodyFields(node.body), ...bodyFields(node.otherwise ?? [])] : [];
  });
}

function pipeFields(pipe: Pipeline): string[] {
  return pipe.commands.flatMap(({ operands }) => operands.flatMap((operand) => (operand.kind === 'field' ? operand.names : operand.kind === 'pipe' ? pipeFields(operand.pipe) : [])));
}
