import { describe, expect, it } from 'vitest';
import { checkLength, limitRange, optionalSelector, rangeQueryParameters, type LabelRequest } from '../../src/http/label-request.ts';
import { readParameters } from '../../src/http/parameters.ts';
import { defaultLimits, type Limits } from '../../src/model/mod.ts';

const second = 1_000_000_000n;
const nowNs = 1_000_000n * second;
const parametersOf = (text: string) => readParameters(`/?${text}`, '');

describe('the parameters of a range query', () => {
  it('have the defaults of Loki', () => {
    expect(rangeQueryParameters(parametersOf(''), nowNs, 100)).toEqual({ startNs: nowNs - 3600n * second, endNs: nowNs, limit: 100, stepNs: 14n * second });
  });

  it.each([
    ['start=20&end=10&limit=x', 'end timestamp must not be before or equal to start time'],
    ['limit=x&direction=up', 'strconv.Atoi: parsing "x": invalid syntax'],
    ['direction=up&step=0', "invalid direction 'up'"],
    ['step=-1', 'zero or negative query resolution step widths are not accepted. Try a positive integer'],
    ['start=0&end=100000&step=1', 'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter'],
    ['interval=-1', 'interval must be >= 0'],
  ])('are refused: %s', (text, message) => {
    expect(() => rangeQueryParameters(parametersOf(text), nowNs, 100)).toThrow(message);
  });
});

describe('limitRange', () => {
  const request = (limits: Partial<Limits>): LabelRequest => ({ tenant: 't', limits: { ...defaultLimits, ...limits }, name: '', parameters: new Map(), nowNs, signal: new AbortController().signal });
  const range = { startNs: nowNs - 3600n * second, endNs: nowNs };

  it('leaves a range alone that the limits allow', () => {
    expect(limitRange(request({}), range)).toEqual(range);
    expect(limitRange(request({ max_query_length: 3600n * second, max_query_lookback: 3600n * second }), range)).toEqual(range);
  });

  it('cuts off what lies before max_query_lookback', () => {
    const limited = request({ max_query_lookback: 60n * second, max_query_length: 60n * second });
    expect(limitRange(limited, range)).toEqual({ startNs: nowNs - 60n * second, endNs: nowNs });
    expect(limitRange(limited, { startNs: 0n, endNs: nowNs - 61n * second })).toBeUndefined();
  });

  it('refuses a range that is too long, or ends before it begins', () => {
    expect(() => limitRange(request({ max_query_length: 1800n * second }), range)).toThrow('the query time range exceeds the limit (query length: 1h0m0s, limit: 30m)');
    expect(() => limitRange(request({}), { startNs: nowNs, endNs: nowNs - 1n })).toThrow('this data is no longer available, it is past now - max_query_lookback (0s)');
  });

  it('does not count less than a millisecond', () => {
    const limits = { ...defaultLimits, max_query_length: second };
    expect(() => checkLength(limits, second + 999_999n)).not.toThrow();
    expect(() => checkLength(limits, second + 1_000_000n)).toThrow('query length: 1.001s, limit: 1s');
  });
});

it('takes a selector or none', () => {
  expect(optionalSelector(parametersOf(''))).toEqual([]);
  expect(optionalSelector(parametersOf('query={app="a"}'))).toEqual([{ name: 'app', op: '=', value: 'a' }]);
  expect(() => optionalSelector(parametersOf('query={}'))).toThrow('queries require at least one regexp or equality matcher');
});
