import { describe, expect, test } from 'vitest';
import { execute } from '../run.ts';

describe('evaluates', () => {
  test.each([
    ['{{ regexReplaceAll "(\\\\w+) (\\\\w+)" "ab cd" "${2} ${1}" }}', 'cd ab'],
    ['{{ regexReplaceAll "(?P<x>a)(b)?" "ab a" "[$x-$2-$$]" }}', '[a-b-$] [a--$]'],
    ['{{ regexReplaceAllLiteral "a" "banana" "$1" }}', 'b$1n$1n$1'],
    ['{{ regexReplaceAll "x*" "aéb" "-" }}', '-a-é-b-'],
    ['{{ count "a|b" "abab" }} {{ count "o" "foo" }} {{ count "" "ab" }}', '4 2 3'],
    ['{{ date "2006-01-02" 0 }} {{ __timestamp__ | date "15:04:05.000" }}', '1970-01-01 01:03:04.837'],
    ['{{ __timestamp__ | unixEpoch }} {{ __timestamp__ | unixEpochMillis }} {{ __timestamp__ | unixEpochNanos }}', '1768438984 1768438984837 1768438984837409316'],
    ['{{ toDate "2006-01-02" "2021-11-02" | unixEpoch }} {{ toDate "2006" "bad" | unixEpoch }}', '1635811200 -62135596800'],
    ['{{ toDateInZone "2006-01-02 15:04" "America/New_York" "2026-07-01 08:00" | unixEpoch }}', '1782907200'],
    ['{{ unixToTime "19373" | date "2006-01-02" }} {{ unixToTime "1673798889902" | unixEpochMillis }}', '2023-01-16 1673798889902'],
    ['{{ html "<a&b>\'" }} {{ js "it\'s <b>" }} {{ urlquery "a b" }}', "&lt;a&amp;b&gt;&#39; it\\'s \\u003Cb\\u003E a+b"],
    ['{{ eq 1 1 }} {{ eq "a" "b" "a" }} {{ ne 1 2 }} {{ lt 1.5 2.5 }} {{ le "a" "b" }} {{ gt 2 1 }} {{ ge 1 1 }}', 'true true true true true true true'],
    ['{{ len "é" }} {{ slice "abcd" 1 3 }} {{ index "abc" 1 }} {{ print 1 2 "a" "b" 3 }} {{ println "x" 1 }}', '2 bc 98 1 2ab3 x 1\n'],
  ])('%s', (template, wanted) => {
    expect(execute(template)).toBe(wanted);
  });
});

describe('errors', () => {
  test.each([
    ['{{ regexReplaceAll "(" "a" "b" }}', 'missing closing )'],
    ['{{ unixToTime "abc" }}', "unable to parse time 'abc'"],
    ['{{ eq 1 1.0 }}', 'incompatible types for comparison'],
    ['{{ lt 1 "a" }}', 'incompatible types for comparison: int and string'],
    ['{{ eq (fromJson "[1]") (fromJson "[1]") }}', 'non-comparable type [1]: []interface {}'],
    ['{{ eq (fromJson "[1]") (fromJson "{}") }}', 'non-comparable types [1]: []interface {}, map[string]interface {}: map[]'],
    ['{{ index "" 0 }}', 'reflect: string index out of range'],
    ['{{ index (fromJson "[]") 0 }}', 'reflect: slice index out of range'],
    ['{{ substr 2 5 "a" }}', 'runtime error: slice bounds out of range [2:1]'],
    ['{{ range fromJson "5" }}{{ end }}', ':18: executing "line" at <"5">: range can\'t iterate over 5'],
    ['{{ duration "5é" }}', 'time: unknown unit "\\xc3\\xa9" in duration "5\\xc3\\xa9"'],
    ['{{ lt true false }}', 'invalid type for comparison'],
    ['{{ index "abc" 5 }}', 'index out of range: 5'],
    ['{{ slice "abc" 3 1 }}', 'invalid slice index: 3 > 1'],
    ['{{ len 5 }}', 'len of type int'],
    ['{{ call "x" }}', 'non-function "x" of type string'],
    ['{{ trunc (add 1 2) "abc" }}', 'wrong type for value; expected int; got int64'],
  ])('%s', (template, message) => {
    expect(() => execute(template)).toThrow(message);
  });
});
