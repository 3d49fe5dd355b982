export { RegexSyntaxError } from './ast.ts';
export { compileMatcher } from './label-matcher.ts';
export type { RequiredLiterals } from './literals.ts';
export { compileRegex, type ByteMatcher, type RegexOptions } from './matcher.ts';
export { anyFilter, containsFilter, equalFilter, filterBytes, filterText, notFilter, regexFilter, regexStaysWhole, type TextFilter } from './text-filter.ts';
export { decodeRune, decodeText, runeError } from './utf8.ts';
