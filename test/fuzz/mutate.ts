import type { Dice } from './dice.ts';

const tokenPattern = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|[\p{L}_][\p{L}\p{N}_]*|\d[\w.]*|\[[^\]]*\]|\s+|[|!=<>~]{1,2}|./gsu;
const characters = Array.from('{}()[]"`\'\\|=!~<>,.+-*/%^#_ \n\t\r0159abemsxyµé漢🚀\u0000\u00a0\u2028\ufeff:;$@&');
const words = [
  'by', 'without', 'or', 'and', 'unless', 'bool', 'on', 'ignoring', 'group_left', 'group_right', 'offset', 'unwrap', 'json', 'logfmt', 'ip', 'sum', 'rate', 'topk', 'vector', '(', ')', '{', '}', '[5m]', ',', '|', '|=', '!=', '=', '==', '"x"',
  '`y`', '5', '1.5h', '5KB', '-', '+', '--strict', 'label_replace', 'drop', 'keep', 'decolorize', 'pattern', 'regexp', 'bytes', 'duration', 'variants', 'of', '__x', '1e3', '-5m', '!>', '|>', '.',
];

/** Cuts a query into tokens, more or less as a lexer would; together they are the query. */
export function roughTokens(query: string): string[] {
  return query.match(tokenPattern) ?? [];
}

/** The query with one to three small changes: a token left out, doubled, swapped or put in, a character changed, an end cut off, a piece of another query. */
export function mutate(dice: Dice, query: string, others: readonly string[]): string {
  let text = query;
  for (let count = dice.pick([1, 1, 1, 2, 3]); count > 0; count--) text = change(dice, text, others);
  return text;
}

function change(dice: Dice, query: string, others: readonly string[]): string {
  const tokens = roughTokens(query);
  const at = dice.below(tokens.length + 1);
  const to = dice.below(tokens.length + 1);
  const points = Array.from(query);
  const point = dice.below(points.length + 1);
  return dice.run(
    () => tokens.toSpliced(at, 1).join(''),
    () => tokens.toSpliced(at, 0, tokens[at] ?? '').join(''),
    () => tokens.map((token, i) => (i === at ? (tokens[to] ?? '') : token)).join(''),
    () => [...tokens.slice(0, at), ...tokens.slice(at + 1, to), tokens[at] ?? '', ...tokens.slice(Math.max(to, at + 1))].join(''),
    () => tokens.toSpliced(at, 0, ` ${dice.pick(words)} `).join(''),
    () => tokens.toSpliced(at, 1, dice.pick(words)).join(''),
    () => points.toSpliced(point, 1).join(''),
    () => points.toSpliced(point, dice.below(2), dice.pick(characters)).join(''),
    () => query.slice(0, dice.below(query.length + 1)),
    () => {
      const other = roughTokens(dice.pick(others));
      const from = dice.below(other.length + 1);
      return tokens.toSpliced(at, dice.below(4), ...other.slice(from, from + dice.between(1, 8))).join('');
    },
  );
}
