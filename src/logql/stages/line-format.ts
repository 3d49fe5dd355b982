import type { LineFormat } from '../syntax/mod.ts';
import { compileTemplate, TemplateError, TemplateSyntaxError, type CompiledTemplate } from '../template/mod.ts';
import type { CompiledStage, Row } from './stage.ts';
import { templateLabels } from './template-labels.ts';

/** Compiles `| line_format "…"`: the line becomes what the template makes of the row. Throws TemplateSyntaxError. */
export function compileLineFormat(stage: LineFormat): CompiledStage {
  const template = compileTemplate('line', stage.template);
  const { simpleField } = template;
  const process = simpleField === null ? (row: Row) => formatLine(template, row) : (row: Row) => replaceByField(simpleField, row);
  return { process, usesLine: true, usesLabels: true };
}

/** A template that is one field takes the label itself; errors are none then, as in Loki. */
function replaceByField(name: string, row: Row): boolean {
  row.replaceLine(Buffer.from(row.labels.get(name) ?? '', 'utf8'));
  return true;
}

function formatLine(template: CompiledTemplate, row: Row): boolean {
  try {
    row.replaceLine(template.execute({ labels: templateLabels(row.labels), bytes: row.bytes, start: row.start, end: row.end, day: row.day, time: row.time }));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    row.labels.setError('TemplateFormatErr', error.message);
  }
  return true;
}

/** What Loki says is wrong with the template; null where nothing is. */
export function lineFormatError(stage: LineFormat): string | null {
  const error = templateError('line', stage.template);
  return error === null ? null : `invalid line template: ${error}`;
}

/** What Go says is wrong with a template; null where nothing is. */
export function templateError(name: string, template: string): string | null {
  try {
    compileTemplate(name, template);
    return null;
  } catch (error) {
    if (error instanceof TemplateSyntaxError) return error.message;
    throw error;
  }
}
