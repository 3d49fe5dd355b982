export { TemplateSyntaxError } from './ast.ts';
export { compileTemplate, type CompiledTemplate } from './compile.ts';
export { parseBytesGo, parseDurationGo, parseFloatGo, type Converted } from './conversions.ts';
export { templateFields } from './fields.ts';
export type { TemplateRow } from './frame.ts';
export { TemplateError, type LabelsValue } from './values.ts';
