import type { Metric } from './metrics.ts';

/** A counter without labels. `name` without `spoor_agent_`. */
export function counter(name: string, help: string, value: number): Metric {
  return { name: `spoor_agent_${name}`, type: 'counter', help, samples: [{ value }] };
}

/** A gauge without labels. */
export function gauge(name: string, help: string, value: number): Metric {
  return { name: `spoor_agent_${name}`, type: 'gauge', help, samples: [{ value }] };
}

/** Values of one label that a metric has at most; what is over it is added up as `other`. */
export const labelValuesMax = 100;

/** A counter by the values of one label. */
export function counterBy(name: string, help: string, label: string, values: Iterable<readonly [string, number]>): Metric {
  const samples: { labels: Record<string, string>; value: number }[] = [];
  let other = 0;
  for (const [key, value] of values) {
    if (samples.length < labelValuesMax) samples.push({ labels: { [label]: key }, value });
    else other += value;
  }
  if (other > 0) samples.push({ labels: { [label]: 'other' }, value: other });
  return { name: `spoor_agent_${name}`, type: 'counter', help, samples };
}
