import type { Metric, Sample } from './metrics.ts';

/**
 * Adds up the counters of Agents that ran one after another in this process, so that a change of settings does not set them back. Samples of labels that the
 * running Agent does not have any more (containers that are gone) are not shown, and forgotten at the next change.
 */
export class CounterCarry {
  #earlier = new Map<string, number>();

  /** Keeps the counters of an Agent that ended. */
  add(metrics: Iterable<Metric>): void {
    const kept = new Map<string, number>();
    for (const { name, type, samples } of metrics) {
      if (type !== 'counter' || isOfProcess(name)) continue;
      for (const sample of samples) {
        const key = keyOf(name, sample);
        kept.set(key, sample.value + (this.#earlier.get(key) ?? 0));
      }
    }
    this.#earlier = kept;
  }

  /** The metrics of the running Agent, its counters with those of the earlier ones. */
  added(metrics: Iterable<Metric>): Metric[] {
    return Array.from(metrics, (metric) => {
      if (metric.type !== 'counter' || isOfProcess(metric.name) || this.#earlier.size === 0) return metric;
      return { ...metric, samples: Array.from(metric.samples, (sample) => ({ ...sample, value: sample.value + (this.#earlier.get(keyOf(metric.name, sample)) ?? 0) })) };
    });
  }
}

/** Counted by the process, kept beside the Agents, or kept on disk: there is nothing to add. */
function isOfProcess(name: string): boolean {
  return name.startsWith('process_') || name.startsWith('spoor_agent_config_') || name === 'spoor_agent_gap_bytes_total' || name === 'spoor_agent_lost_bytes_total';
}

function keyOf(name: string, sample: Sample): string {
  return sample.labels === undefined ? name : `${name}${JSON.stringify(sample.labels)}`;
}
