import { expect, test } from 'vitest';
import { execute } from '../run.ts';

test.each([
  ['{{ add 1 2 3 }} {{ sub 10 3 }} {{ mul 2 3 4 }} {{ div 10 3 }} {{ mod 10 3 }}', '6 7 24 3 1'],
  ['{{ addf 1.5 2 }} {{ subf 5.5 2 1.5 }} {{ mulf 2.5 2 }} {{ divf 10 4 }} {{ divf 1 3 }}', '3.5 2 5 2.5 0.3333333333333333'],
  ['{{ addf 0.1 0.2 }} {{ divf 2 3 }} {{ subf 0.3 0.1 }}', '0.3 0.6666666666666667 0.2'],
  ['{{ add .status 1 }} {{ mul .latency 2 }} {{ addf .latency 0.5 }} {{ sub .status "100" }}', '505 1678 840.28 404'],
  ['{{ add .missing 1 }} {{ add .msg 1 }} {{ addf "abc" 1 }}', '1 1 1'],
  ['{{ max 1 5 3 }} {{ min 4 2 8 }} {{ maxf 1.5 2.5 }} {{ minf 1.5 0.5 }}', '5 2 2.5 0.5'],
  ['{{ ceil 1.2 }} {{ floor 1.8 }} {{ round 1.25678 2 }} {{ round 123.88571428571 5 .2 }} {{ ceil .latency }}', '2 1 1.26 123.88572 840'],
  ['{{ int "42" }} {{ int "4.7" }} {{ int .latency }} {{ float64 "3.5" }} {{ float64 "x" }} {{ int "x" }} {{ int "010" }}', '42 4 839 3.5 0 0 8'],
  ['{{ round .latency 0 }} {{ round -2.5 0 }} {{ round 2.5 0 }} {{ div -7 2 }} {{ mod -7 2 }}', '840 -3 3 -3 -1'],
  ['{{ addf 1e20 1 }} {{ mulf 1e10 1e10 }} {{ divf 1 1000000 }} {{ divf 1 10000 }} {{ mulf 3 1.0 }} {{ floor 1e21 }}', '1e+20 1e+20 1e-06 0.0001 3 1e+21'],
  ['{{ bytes "5 MiB" }} {{ bytes "12kB" }} {{ bytes "42" }}', '5.24288e+06 12000 42'],
  ['{{ duration .duration | mulf 1000 | floor }} {{ duration_seconds "1m" }}', '22 60'],
  ['{{ sub (__timestamp__ | unixEpoch | int) 1768435200 }}', '3784'],
  ['{{ add 9223372036854775807 1 }}', '-9223372036854775808'],
])('%s', (template, wanted) => {
  expect(execute(template, { status: '504', latency: '839.78', msg: 'x', duration: '22.85ms' })).toBe(wanted);
});
