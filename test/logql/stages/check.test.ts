import { expect, test } from 'vitest';
import { checkStages } from '../../../src/logql/stages/check.ts';
import { parseQuery } from '../../../src/logql/syntax/mod.ts';

function check(stages: string): void {
  const query = parseQuery(`{a="b"} ${stages}`);
  if (query.kind === 'log_query') checkStages(query.stages);
}

test.each([
  ['|~ "("', 'parse error : stage \'|~ "("\' : error parsing regexp: missing closing ): `(`'],
  ['|= ip("not an ip")', 'parse error : stage \'|= ip("not an ip")\' : ip: invalid pattern: "not an ip"'],
  ['|> "<_><_>"', "parse error : stage '|> \"<_><_>\"' : found consecutive capture '<_><_>': invalid expression"],
  ['|= "a" | json |~ "(" != "b" | c="d" |= "e"', 'parse error : stage \'|= "a" |~ "(" != "b"\' : error parsing regexp: missing closing ): `(`'],
  ['| json x="a[" |~ "("', 'parse error : stage \'|~ "("\' : error parsing regexp: missing closing ): `(`'],
  ['| json x="a["', "parse error : stage '| json x=\"a[\"' : cannot parse expression [a[]: syntax error: unexpected $end, expecting STRING or INDEX"],
  ['| line_format "{{ end }}"', "parse error : stage '| line_format \"{{ end }}\"' : invalid line template: template: line:1: unexpected {{end}}"],
  ['| logfmt | label_format __error__="x"', "parse error : stage '| label_format __error__=\"x\"' : __error__ cannot be formatted"],
])('%s', (stages, message) => {
  expect(() => {
    check(stages);
  }).toThrow(message);
});

test('good stages pass', () => {
  expect(() => {
    check('|= "a" |~ "b" | json | logfmt | a="b" | line_format "{{.x}}" | label_format y="{{.z}}" | drop a | keep b | decolorize | unpack');
  }).not.toThrow();
});
