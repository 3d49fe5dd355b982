import type { CompiledMatcher, MatchOp } from '../../src/model/mod.ts';

/** A compiled matcher as logql makes it, with JavaScript's regular expressions. `lists` false leaves out the values that decide. */
export function matcher(name: string, op: MatchOp, value: string, lists = true): CompiledMatcher {
  const negated = op === '!=' || op === '!~';
  const pattern = new RegExp(`^(?:${value})$`, 's');
  const matches = op === '=' || op === '!=' ? (text: string) => (text === value) !== negated : (text: string) => pattern.test(text) !== negated;
  const plain = /^[\w|-]*$/.test(value);
  const known = !lists || ((op === '=~' || op === '!~') && !plain) ? {} : op === '=' || op === '!=' || !value.includes('|') ? { exact: value } : { set: value.split('|') };
  return { name, matchesEmpty: matches(''), matches, ...known };
}
