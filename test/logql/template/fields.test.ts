import { expect, test } from 'vitest';
import { templateFields } from '../../../src/logql/template/mod.ts';

test.each([
  ['{{.a}} {{ .b | upper }} c {{ printf "%s" .d }}', ['a', 'b', 'd']],
  ['{{ if .a }}{{ .b }}{{ else if eq .c "x" }}{{ .d }}{{ else }}{{ .e }}{{ end }}', ['a', 'b', 'c', 'd', 'e']],
  ['{{ range $i := .a }}{{ .b.c }}{{ end }}{{ with .d }}{{ . }}{{ end }}', ['a', 'b', 'c', 'd']],
  ['{{ trunc (len .a) ".b" }}', ['a']],
  ['{{ $x := .a }}{{ $x }}{{ $.b }}{{ (.c).d }}', ['a']],
  ['{{ define "t" }}{{ .a }}{{ end }}{{ template "t" .b }}', []],
  ['{{ .a', []],
  ['.a', []],
])('%s', (template, want) => {
  expect(templateFields(template)).toEqual(want);
});
