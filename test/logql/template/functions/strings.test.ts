import { describe, expect, test } from 'vitest';
import { execute } from '../run.ts';

const labels = { msg: 'ErrTimeout: upstream', user: 'usr-789' };

describe('evaluates', () => {
  test.each([
    ['{{ .msg | upper }} {{ .user | lower }} {{ "hello wörld o\'neil" | title }}', "ERRTIMEOUT: UPSTREAM usr-789 Hello Wörld O'Neil"],
    ['{{ .msg | trunc 5 }}|{{ .msg | trunc -5 }}|{{ trunc 100 .msg }}|{{ trunc 0 .msg }}', 'ErrTi|tream|ErrTimeout: upstream|'],
    ['{{ .msg | substr 2 6 }}|{{ substr -1 3 .msg }}|{{ substr 3 -1 .msg }}|{{ substr 0 1000 .msg }}', 'rTim|Err|Timeout: upstream|ErrTimeout: upstream'],
    ['{{ .msg | replace " " "_" }}|{{ replace "e" "EE" .msg }}', 'ErrTimeout:_upstream|ErrTimEEout: upstrEEam'],
    ['{{ b64enc .msg }} {{ .msg | b64enc | b64dec }} {{ b64dec "YQ" }}', 'RXJyVGltZW91dDogdXBzdHJlYW0= ErrTimeout: upstream a'],
    ['{{ urlencode .msg }}|{{ urlencode "a b&c=d/é?" }}|{{ urldecode "a+b%26c%3Dd" }}|{{ urldecode "%C3%A9" }}', 'ErrTimeout%3A+upstream|a+b%26c%3Dd%2F%C3%A9%3F|a b&c=d|é'],
    ['{{ contains "Err" .msg }} {{ hasPrefix "pay" .msg }} {{ hasSuffix "stream" .msg }}', 'true false true'],
    ['{{ trim "  x " }}|{{ trimAll "$" "$5.00$" }}|{{ trimPrefix "Err" .msg }}|{{ trimSuffix "ed" .msg }}', 'x|5.00|Timeout: upstream|ErrTimeout: upstream'],
    ['{{ TrimSpace "  x " }}|{{ Trim "xxhixx" "x" }}|{{ TrimLeft "xxhixx" "x" }}|{{ TrimRight "xxhixx" "x" }}|{{ TrimPrefix "abc" "a" }}|{{ TrimSuffix "abc" "c" }}', 'x|hi|hixx|xxhi|bc|ab'],
    ['{{ Replace "aaa" "a" "b" 2 }} {{ Replace "aaa" "a" "b" -1 }} {{ Replace "ab" "" "-" -1 }}', 'bba bbb -a-b-'],
    ['[{{ alignLeft 10 .user }}][{{ alignRight 10 .user }}][{{ alignLeft 3 .user }}][{{ alignRight 3 .user }}][{{ alignLeft 4 "żółć!" }}]', '[usr-789   ][   usr-789][usr][789][żółć]'],
    ['{{ indent 2 "a\\nb" }}|{{ nindent 1 "x" }}|{{ repeat 3 "ab" }}', '  a\n  b|\n x|ababab'],
    ['{{ upper "ß" }}{{ lower "ΑΣ" }}', 'ßασ'],
  ])('%s', (template, wanted) => {
    expect(execute(template, labels)).toBe(wanted);
  });
});

describe('errors', () => {
  test.each(['{{ substr 5 2 .user }}', '{{ substr 100 -1 .user }}', '{{ repeat -1 "x" }}', '{{ urldecode "%4" }}', '{{ indent -1 "x" }}'])('%s', (template) => {
    expect(() => execute(template, labels)).toThrow('error calling');
  });

  test('what is no base64 says where', () => {
    expect(execute('{{ b64dec "a$bc" }}')).toBe('illegal base64 data at input byte 1');
  });
});
