export type * from './ast.ts';
export { applyArithmetic } from './build.ts';
export { checkSelector, selectorError } from './checks.ts';
export { parseError, stageError } from './errors.ts';
export { formatExpr, formatLabelFilter, formatMatchers, formatStage } from './format.ts';
export { formatBytes, formatGoFloat } from './numbers.ts';
export { parseQuery, parseSelector } from './parse.ts';
export { prettyExpr } from './pretty.ts';
export { walk, visitExpr, visitStage, type ExprVisitor, type StageVisitor } from './visit.ts';
