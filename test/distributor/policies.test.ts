import { describe, expect, test } from 'vitest';
import { parseSelector } from '../../src/logql/mod.ts';
import { defaultLimits, labelSet, type Limits, type PolicySelector } from '../../src/model/mod.ts';
import { enforcedLabelsOf, policyBlockedUntil, policyOf } from '../../src/distributor/policies.ts';
import { Harness } from './harness.ts';

const select = (selector: string, priority = 0): PolicySelector => ({ selector, matchers: parseSelector(selector), priority });
const labels = (pairs: Record<string, string>) => labelSet(Object.entries(pairs));

describe('the policy of a stream', () => {
  const mapping = new Map([
    ['ops', [select('{team="ops"}', 1)]],
    ['money', [select('{team=~".+"}'), select('{app=~"bill.*"}', 5)]],
    ['also', [select('{team="ops"}', 1), select('{app="y"}', -2)]],
  ]);

  test.each<[Record<string, string>, string]>([
    [{ app: 'billing', team: 'ops' }, 'money'],
    [{ app: 'x', team: 'ops' }, 'also'],
    [{ app: 'x', team: 'web' }, 'money'],
    [{ app: 'y' }, 'also'],
    [{ app: 'x' }, ''],
  ])('%j: %s', (pairs, policy) => {
    expect(policyOf(labels(pairs), mapping)).toBe(policy);
  });

  test('there may be none', () => {
    expect(policyOf(labels({ a: 'b' }), new Map())).toBe('');
  });
});

test('a block is that of the policy; the general one is for streams of no policy', () => {
  const limits: Limits = { ...defaultLimits, block_ingestion_policy_until: new Map([['*', 5n], ['ops', 7n]]) };
  expect([policyBlockedUntil('', limits), policyBlockedUntil('ops', limits), policyBlockedUntil('other', limits), policyBlockedUntil('', defaultLimits)]).toEqual([5n, 7n, 0n, 0n]);
});

test("enforced labels are the tenant's, those of all policies, and those of its own, each once", () => {
  const limits: Limits = { ...defaultLimits, enforced_labels: ['app'], policy_enforced_labels: new Map([['*', ['env', 'app']], ['ops', ['team']]]) };
  expect([enforcedLabelsOf('ops', limits), enforcedLabelsOf('', limits), enforcedLabelsOf('', defaultLimits)]).toEqual([['app', 'env', 'team'], ['app', 'env'], []]);
});

describe('pushes', () => {
  const until = 4_070_908_800_000_000_000n;
  const limits: Partial<Limits> = { discover_service_name: [], discover_log_levels: false, policy_stream_mapping: new Map([['ops', [select('{team="ops"}')]]]) };
  const entry = [['1795358000000000000', 'x']];
  const push = { streams: [{ stream: { team: 'ops' }, values: entry }, { stream: { team: 'web' }, values: entry }] };

  test('a blocked policy refuses its streams, with the status of the tenant', async () => {
    const harness = new Harness({ ...limits, block_ingestion_policy_until: new Map([['ops', until]]) });
    const outcome = await harness.pushJson(push);
    expect(outcome).toMatchObject({ status: 260, stored: 1, refused: 1, refusal: { code: 'blocked_ingestion_policy', message: "ingestion blocked for user 'tenant' (policy: 'ops') until '2099-01-01T00:00:00Z' with status code '260'" } });
    expect(harness.counted.get('blocked_ingestion_policy')).toBe(1);
    expect(await new Harness({ ...limits, block_ingestion_policy_until: new Map([['ops', until]]), block_ingestion_status_code: 200 }).pushJson(push)).toMatchObject({ status: 204, stored: 1, refused: 1 });
    expect(await new Harness({ ...limits, block_ingestion_policy_until: new Map([['*', until]]) }).pushJson(push)).toMatchObject({ status: 260, stored: 1 });
    expect(await new Harness({ ...limits, block_ingestion_policy_until: new Map([['ops', 1n]]) }).pushJson(push)).toMatchObject({ status: 204, stored: 2 });
  });

  test('enforced labels of a policy name it', async () => {
    const harness = new Harness({ ...limits, policy_enforced_labels: new Map([['ops', ['env']]]) });
    expect(await harness.pushJson(push)).toMatchObject({ status: 400, stored: 1, refusal: { message: "missing required labels 'env' for user 'tenant' for stream '{team=\"ops\"}' (policy: 'ops')" } });
  });

  test('a push may name its policy', async () => {
    const harness = new Harness({ ...limits, block_ingestion_policy_until: new Map([['named', until]]) });
    const raw = await harness.decode(push);
    expect(await harness.distributor.push('tenant', raw, { policy: 'named' })).toMatchObject({ status: 260, stored: 0, refused: 2 });
  });
});
