import { describe, expect, test } from 'vitest';
import { compileTemplate } from '../../../src/logql/template/mod.ts';

describe('errors', () => {
  test.each([
    ['{{ .x', 'template: line:1: unclosed action'],
    ['{{ nosuchfunc .x }}', 'template: line:1: function "nosuchfunc" not defined'],
    ['{{ if }}', 'template: line:1: missing value for if'],
    ['{{ end }}', 'template: line:1: unexpected {{end}}'],
    ['{{ else }}', 'template: line:1: unexpected {{else}}'],
    ['{{ if .x }}', 'template: line:1: unexpected EOF'],
    ['a\n{{ $x }}', 'template: line:2: undefined variable "$x"'],
    ['{{ break }}', 'template: line:1: {{break}} outside {{range}}'],
    ['{{ /* a', 'template: line:1:'],
    ['{{/* a', 'template: line:1: unclosed comment'],
    ['{{ "a }}', 'template: line:1: unterminated quoted string'],
    ['{{ (add 1 2 }}', 'template: line:1: unclosed left paren'],
    ['{{ add 1 2) }}', 'template: line:1: unexpected right paren'],
    ['{{ .a | 1 }}', 'template: line:1: non executable command in pipeline stage 2'],
    ['{{ 1a }}', 'template: line:1: bad number syntax: "1a"'],
    ['{{ env "HOME" }}', 'template: line:1: function "env" not defined'],
    ['{{if .a}}'.repeat(300), 'template: line:1: exceeded the limit of 200 nested actions'],
  ])('%s', (template, message) => {
    expect(() => compileTemplate('line', template)).toThrow(message);
  });
});
