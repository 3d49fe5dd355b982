import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileTemplate, TemplateError, TemplateSyntaxError } from '../../../src/logql/template/mod.ts';
import { execute, labelsOf } from './run.ts';

const labels = { app: 'checkout', msg: 'ErrTimeout: upstream', status: '504', user: 'usr-789' };

describe('evaluates', () => {
  test.each([
    ['{{.app}} {{.user}} {{.missing}}|', 'checkout usr-789 |'],
    ['{{ if contains "Timeout" .msg }}T{{ else if hasPrefix "pay" .msg }}P{{ else }}O{{ end }}', 'T'],
    ['{{ if .missing }}m{{ else }}nom{{ end }}', 'nom'],
    ['{{ with .user }}user is {{ . }}{{ end }}{{ with .missing }}x{{ else }} none{{ end }}', 'user is usr-789 none'],
    ['{{ $x := .user }}{{ $y := "lit" }}{{ $x }}-{{ $y }}{{ $y = "re" }}-{{ $y }}', 'usr-789-lit-re'],
    ['{{ range fromJson "[3,1,2]" }}<{{ . }}>{{ else }}none{{ end }}{{ range fromJson "[]" }}x{{ else }}empty{{ end }}', '<3><1><2>empty'],
    ['{{ range $i, $e := fromJson "[5,6]" }}{{ $i }}={{ $e }};{{ end }}', '0=5;1=6;'],
    ['{{ range $k, $v := fromJson "{\\"b\\":1,\\"a\\":2}" }}{{ $k }}={{ $v }};{{ end }}', 'a=2;b=1;'],
    ['{{ range $i := fromJson "[1,2,3,4]" }}{{ if eq $i 3.0 }}{{ break }}{{ end }}{{ $i }}{{ end }}', '12'],
    ['{{ range 5 }}{{ if eq . 2 }}{{ continue }}{{ end }}{{ . }}{{ end }}', '0134'],
    ['{{ .user | printf "%s!" | upper | trunc 5 }}', 'USR-7'],
    ['{{- .user -}}   x   {{- /* comment */ -}} y', 'usr-789xy'],
    ['{{ . }}', 'map[app:checkout msg:ErrTimeout: upstream status:504 user:usr-789]'],
    ['{{ 97 }}|{{ \'a\' }}|{{ 0x10 }}|{{ 1e3 }}|{{ true }}|{{ 1.50 }}', '97|97|16|1000|true|1.5'],
    ['{{ (fromJson "{\\"order\\":{\\"total\\":237.22}}").order.total }} {{ (fromJson "{\\"n\\":12345678901}").n }} {{ (fromJson "{\\"n\\":1000000}").n }}', '237.22 1.2345678901e+10 1e+06'],
    ['{{ fromJson "{\\"t\\":true,\\"z\\":null}" }}', 'map[t:true z:<nil>]'],
    ['{{ $j := fromJson "{\\"a\\":1}" }}{{ $j.nope }} {{ index $j "a" }}', '<no value> 1'],
    ['{{ if and (eq .status "504") (ne .user "") }}A{{ end }}{{ if or (eq .user "x") .missing }}B{{ end }}{{ if not .missing }}C{{ end }}', 'AC'],
    ['{{ __timestamp__ }}', '2026-01-15 01:03:04.837409316 +0000 UTC'],
    ['{{ __timestamp__.Year }} {{ __timestamp__.Unix }} {{ __timestamp__.UTC.Hour }} {{ __timestamp__.Month }} {{ __timestamp__.Format "15:04" }}', '2026 1768438984 1 January 01:03'],
    ['{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" .app }}', '<checkout>'],
    ['{{ "a" | default "b" }}{{ "" | default "b" }}{{ .missing | default "c" }}', 'abc'],
    ['tab\there\n"q" é 🚀', 'tab\there\n"q" é 🚀'],
  ])('%s', (template, wanted) => {
    expect(execute(template, labels)).toBe(wanted);
  });

  test('the line, byte for byte', () => {
    const bytes = Buffer.from([0x61, 0xff, 0x62]);
    const made = compileTemplate('line', '<{{ __line__ }}>{{ .a }}').execute({ labels: labelsOf({ a: 'é' }), bytes, start: 0, end: 3, day: 0, time: 0 });
    expect(made).toEqual(Buffer.from([0x3c, 0x61, 0xff, 0x62, 0x3e, 0xc3, 0xa9]));
  });

  test('names its fields, and whether it is but one', () => {
    expect(compileTemplate('line', '{{.a}}')).toMatchObject({ fields: ['a'], simpleField: 'a' });
    expect(compileTemplate('line', ' {{.a}}{{if .b}}{{.c | lower}}{{end}}{{ add (len .d) 1 }}')).toMatchObject({ fields: ['a', 'b', 'c', 'd'], simpleField: null });
  });
});

describe('errors', () => {
  test.each([
    ['{{ lower }}', 'template: line:1:3: executing "line" at <lower>: wrong number of args for lower: want 1 got 0'],
    ['{{ lower .app .user }}', 'template: line:1:3: executing "line" at <lower>: wrong number of args for lower: want 1 got 2'],
    ['{{ .a.b }}', 'template: line:1:5: executing "line" at <.a.b>: can\'t evaluate field b in type string'],
    ['{{ urldecode "%zz" }}', 'template: line:1:3: executing "line" at <urldecode "%zz">: error calling urldecode: invalid URL escape "%zz"'],
    ['{{ div 1 0 }}', 'template: line:1:3: executing "line" at <div 1 0>: error calling div: runtime error: integer divide by zero'],
    ['{{ divf 1 0 }}', 'template: line:1:3: executing "line" at <divf 1 0>: error calling divf: decimal division by 0'],
    ['{{ trunc .app .app }}', 'template: line:1:9: executing "line" at <.app>: wrong type for value; expected int; got string'],
    ['{{ trunc "x" .app }}', 'template: line:1:9: executing "line" at <"x">: expected integer; found "x"'],
    ['{{ range .app }}{{ end }}', 'template: line:1:9: executing "line" at <.app>: range can\'t iterate over checkout'],
    ['{{ 1 | lower }}', 'template: line:1:7: executing "line" at <lower>: wrong type for value; expected string; got int'],
    ['x\n{{ .a.b }}', 'template: line:2:6: executing "line" at <.a.b>: can\'t evaluate field b in type string'],
  ])('%s', (template, message) => {
    expect(() => execute(template, labels)).toThrow(message);
  });
});

describe('edge cases', () => {
  test.each(['{{ range 2000000000 }}{{ end }}', '{{ range 900000 }}{{ range 900000 }}x{{ end }}{{ end }}', '{{ range 900000 }}{{ "0123456789" }}{{ end }}', '{{ repeat 1000000 "xx" }}', '{{ define "t" }}{{ template "t" }}{{ end }}{{ template "t" }}', '{{ printf "%1000000000d" 1 | repeat 900000 }}'])(
    '%s ends with an error',
    (template) => {
      expect(() => execute(template, labels)).toThrow(TemplateError);
    },
  );

  test('random text is a template or an error that says so', () => {
    const piece = fc.constantFrom('{{', '}}', '{{ ', ' }}', '.a', '$x', ':=', '|', '(', ')', 'if', 'else', 'end', 'range', 'with', 'printf', '"%d"', '`x`', "'a'", '1', '-', '1.5e3', ' ', 'add', 'and', '.b.c', '/*', '*/', 'define "x"', 'template "x"', 'é', '\n', 'break', ',', '=', 'nil', 'true', 'index', 'fromJson', '"[1]"');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        try {
          execute(pieces.join(''), { a: 'x', b: '1' }, 'line');
        } catch (error) {
          if (!(error instanceof TemplateSyntaxError) && !(error instanceof TemplateError)) throw error;
        }
      }),
      { numRuns: 5000 },
    );
  });
});
