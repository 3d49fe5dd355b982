export type * from './source.ts';
export type { RangeAggregation } from './plan/aggregation.ts';
export type { BlockScanner, ScanNeeds } from './scan/scanner.ts';
export { compileMatcher, compileRegex, RegexSyntaxError, type ByteMatcher, type RegexOptions } from './regex/mod.ts';
