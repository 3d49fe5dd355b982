import type { LabelFormat } from '../syntax/mod.ts';
import { compileTemplate, TemplateError, type CompiledTemplate } from '../template/mod.ts';
import { errorLabel } from './labels-builder.ts';
import { templateError } from './line-format.ts';
import type { CompiledStage, Row } from './stage.ts';
import { templateLabels } from './template-labels.ts';

/** One assignment made ready: where `template` is null, `from` is renamed. */
interface Assignment {
  readonly label: string;
  readonly from: string;
  readonly template: CompiledTemplate | null;
}

/** Compiles `| label_format a=b, c="{{.d}}"`. Throws TemplateSyntaxError. */
export function compileLabelFormat(stage: LabelFormat): CompiledStage {
  const assignments = stage.assignments.map((assignment): Assignment => ({
    label: assignment.label,
    from: assignment.kind === 'rename' ? assignment.from : '',
    template: assignment.kind === 'template' ? compileTemplate('label', assignment.template) : null,
  }));
  return { process: (row) => assign(row, assignments), usesLine: true, usesLabels: true };
}

/**
 * All templates of a stage see the labels as they were before its first template; renames before that one show, assignments after it do not. Only where there
 * were no labels at all do those that it made show to the next.
 */
function assign(row: Row, assignments: readonly Assignment[]): boolean {
  const { labels } = row;
  let texts: readonly (string | TemplateError)[] = [];
  let first = -1;
  for (const [i, { label, from, template }] of assignments.entries()) {
    if (template !== null && first < 0) {
      if (labels.isEmpty) {
        const text = evaluate(row, { label, from, template });
        if (text instanceof TemplateError) labels.setError('TemplateFormatErr', text.message);
        else labels.set('parsed', label, text);
        continue;
      }
      first = i;
      texts = assignments.slice(first).map((assignment) => evaluate(row, assignment));
    }
    if (template === null) {
      const value = labels.get(from);
      if (value === undefined) continue;
      labels.set('parsed', label, value);
      labels.delete(from);
      continue;
    }
    const text = texts[i - first];
    if (text instanceof TemplateError) labels.setError('TemplateFormatErr', text.message);
    else labels.set('parsed', label, text ?? '');
  }
  return true;
}

function evaluate(row: Row, { template }: Assignment): string | TemplateError {
  if (template === null) return '';
  try {
    return template.executeText({ labels: templateLabels(row.labels), bytes: row.bytes, start: row.start, end: row.end, day: row.day, time: row.time });
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
}

/** What Loki says is wrong with the stage; null where nothing is. */
export function labelFormatError(stage: LabelFormat): string | null {
  const seen = new Set<string>();
  for (const { label } of stage.assignments) {
    if (label === errorLabel) return `${label} cannot be formatted`;
    if (seen.has(label)) return `multiple label name '${label}' not allowed in a single format operation`;
    seen.add(label);
  }
  for (const assignment of stage.assignments) {
    const error = assignment.kind === 'template' ? templateError('label', assignment.template) : null;
    if (error !== null) return `invalid template for label '${assignment.label}': ${error}`;
  }
  return null;
}
