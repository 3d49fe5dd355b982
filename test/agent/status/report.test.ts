import { describe, expect, it } from 'vitest';
import { CounterCarry } from '../../../agent/status/carry.ts';
import { newConfigState } from '../../../agent/status/config-state.ts';
import { counterBy, labelValuesMax } from '../../../agent/status/families.ts';
import type { Metric } from '../../../agent/status/metrics.ts';
import { statusPage } from '../../../agent/status/page.ts';
import { statusReport } from '../../../agent/status/report.ts';
import type { DestinationStatus } from '../../../agent/ship/counts.ts';

const web = { namespace: 'shop', pod: 'web-0', container: 'main' };
const metrics: Metric[] = [
  { name: 'spoor_agent_read_bytes_total', type: 'counter', help: '', samples: [{ value: 10 }] },
  { name: 'spoor_agent_dropped_lines_total', type: 'counter', help: '', samples: [{ labels: { reason: 'sample' }, value: 3 }, { labels: { reason: 'rule:a' }, value: 4 }] },
  { name: 'spoor_agent_behind_bytes', type: 'gauge', help: '', samples: [{ labels: { path: '/var/log/a<b>.log' }, value: 5 }, { labels: web, value: 50 }] },
  { name: 'spoor_agent_container_read_bytes_total', type: 'counter', help: '', samples: [{ labels: web, value: 7 }] },
  { name: 'spoor_agent_destination_refused_lines_total', type: 'counter', help: '', samples: [{ labels: { destination: 'default', reason: '400' }, value: 2 }] },
  { name: 'spoor_agent_destination_queue_bytes', type: 'gauge', help: '', samples: [{ labels: { destination: 'default' }, value: 1 }] },
];
const destination = { name: 'default', type: 'loki', to: 'http://spoor', required: true, lastError: { timeMs: 1000, reason: '503 <busy>' } } as DestinationStatus;

describe('the report', () => {
  const config = newConfigState('/etc/agent.yaml', 'abc', 0);
  const report = statusReport(metrics, config, 'n1', null, 2000, [destination]);

  it('puts metrics together by container and destination', () => {
    expect(report).toMatchObject({
      node: 'n1', ready: true, notReady: null, totals: { read_bytes: 10, dropped_lines: { sample: 3, 'rule:a': 4 } },
      destinations: [{ name: 'default', type: 'loki', to: 'http://spoor', lastError: { time: '1970-01-01T00:00:01.000Z', reason: '503 <busy>' }, figures: { refused_lines: { 400: 2 }, queue_bytes: 1 } }],
      // Furthest behind first.
      containers: [{ ...web, path: null, figures: { behind_bytes: 50, read_bytes: 7 } }, { path: '/var/log/a<b>.log', figures: { behind_bytes: 5 } }],
      config: { file: '/etc/agent.yaml', version: 'abc', reloads: 0, failures: 0, lastReload: null },
    });
  });

  it('is a page that says it all, and takes nothing from outside as markup', () => {
    config.lastReload = { ok: false, timeMs: 0, reason: 'agent.yaml:3 (x): <bad>', pauseMs: null };
    const page = statusPage(statusReport(metrics, config, 'n1', 'the first scan is not complete', 2000, [destination]));
    for (const text of ['shop/web-0/main', '/var/log/a&lt;b&gt;.log', '503 &lt;busy&gt;', 'refused: agent.yaml:3 (x): &lt;bad&gt;', 'the first scan is not complete', 'sample 3, rule:a 4']) expect(page).toContain(text);
    expect(page).not.toMatch(/<bad>|<busy>|<b>\.log|<script/);
  });
});

describe('counters', () => {
  it('go on over agents that follow each other, and what is kept on disk is not added', () => {
    const carry = new CounterCarry();
    const gap: Metric = { name: 'spoor_agent_gap_bytes_total', type: 'counter', help: '', samples: [{ labels: web, value: 9 }] };
    carry.add([...metrics, gap]);
    carry.add([...metrics, gap]);
    const added = carry.added([...metrics, gap]);
    const value = (name: string): number[] => Array.from(added.find((metric) => metric.name === name)?.samples ?? [], (sample) => sample.value);
    expect(value('spoor_agent_read_bytes_total')).toEqual([30]);
    expect(value('spoor_agent_dropped_lines_total')).toEqual([9, 12]);
    expect(value('spoor_agent_behind_bytes')).toEqual([5, 50]);
    expect(value('spoor_agent_gap_bytes_total')).toEqual([9]);
  });

  it('have a bounded number of label values', () => {
    const { samples } = counterBy('x', '', 'reason', Array.from({ length: labelValuesMax + 20 }, (_, i) => [`r${i}`, 1] as const));
    expect(Array.from(samples)).toHaveLength(labelValuesMax + 1);
    expect(Array.from(samples).at(-1)).toEqual({ labels: { reason: 'other' }, value: 20 });
  });
});
