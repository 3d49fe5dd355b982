import type { Clock } from '../../src/model/mod.ts';
import type { RateLimitConfig, RedactConfig, RelabelConfig, RulesConfig, SamplingConfig } from '../config/shape.ts';
import type { PodPath } from '../discover/paths.ts';
import type { Stage } from '../pipeline/stage.ts';
import { countOne, newShapeCounts, type ShapeCounts } from './counts.ts';
import { rateLimitStage, RateLimits } from './rate-limit.ts';
import { Redactor } from './redact/redactor.ts';
import { redactStage } from './redact/stage.ts';
import { Relabel, relabelStage } from './relabel.ts';
import { compileRules, rulesStage, type Rules } from './rules.ts';
import { sampleStage } from './sample.ts';
import { Decisions } from './tail/decisions.ts';
import { TailSampler } from './tail/sampler.ts';
import { compileMarks, tailSampleStage, type Marker } from './tail/stage.ts';
import { weighLine } from './weight.ts';

/** Settings of the flow, as agent/config/shape.ts reads them. */
export interface ShapeOptions {
  readonly rules: RulesConfig;
  readonly relabel: RelabelConfig;
  readonly redact: RedactConfig;
  readonly rateLimit: RateLimitConfig | undefined;
  readonly sampling: SamplingConfig | undefined;
}

/** What a pod's annotations set in their place. `off` turns a step off; without a key the settings hold. */
export interface ShapeOverrides {
  readonly redact?: RedactConfig | 'off' | undefined;
  readonly rateLimit?: RateLimitConfig | 'off' | undefined;
  /** Its `tail` counts for nothing: the sampler is one for the node. `off` also takes the pod out of tail-based sampling. */
  readonly sampling?: SamplingConfig | 'off' | undefined;
}

/** The stages of a container that shape its flow; null where a stage has nothing to do. */
export interface ShapeStages {
  readonly redact: Stage | null;
  readonly rules: Stage | null;
  readonly relabel: Stage | null;
  readonly rateLimit: Stage | null;
  readonly sampling: Stage | null;
  readonly tailSampling: Stage | null;
}

export interface ShapeSurroundings {
  /** The state directory, for decisions on traces; null to keep none. */
  readonly stateDir: string | null;
  readonly clock: Clock;
  /** Told of failures to keep decisions. */
  readonly failed: (path: string, error: unknown) => void;
}

/** Makes the stages of containers, and holds what they share: compiled settings, budgets of pods, the sampler of the node, counts. One per agent. */
export class Shaping {
  readonly counts: ShapeCounts = newShapeCounts();
  readonly #options: ShapeOptions;
  readonly #rules: Rules | null;
  readonly #relabel: Relabel | null;
  readonly #redactors = new Map<string, Redactor>();
  readonly #limits = new RateLimits();
  readonly #tail: { readonly marker: Marker; readonly sampler: TailSampler; readonly decisions: Decisions } | null;

  constructor(options: ShapeOptions, { stateDir, clock, failed }: ShapeSurroundings) {
    this.#options = options;
    this.#rules = options.rules.length === 0 ? null : compileRules(options.rules);
    this.#relabel = options.relabel.length === 0 ? null : new Relabel(options.relabel);
    const tail = options.sampling?.tail;
    if (tail === undefined) {
      this.#tail = null;
    } else {
      const decisions = new Decisions(stateDir, tail.decisionsMax, failed);
      this.#tail = { marker: compileMarks(tail), decisions, sampler: new TailSampler(tail, decisions, weighLine, clock, this.counts) };
    }
  }

  /** The stages of one run of a container. */
  stages(pod: PodPath, container: string, overrides: ShapeOverrides = {}): ShapeStages {
    const { rateLimit, sampling } = this.#options;
    const limit = overrides.rateLimit === 'off' ? undefined : (overrides.rateLimit ?? rateLimit);
    const sample = overrides.sampling === 'off' ? undefined : (overrides.sampling ?? sampling);
    const redactor = overrides.redact === 'off' ? null : this.#redactor(overrides.redact ?? this.#options.redact);
    const limits = limit !== undefined && (limit.linesPerSecond !== undefined || limit.bytesPerSecond !== undefined) ? limit : undefined;
    const samples = sample !== undefined && (sample.fraction < 1 || (sample.traces ?? 1) < 1 || Object.values(sample.levels).some((fraction) => fraction < 1));
    return {
      redact: redactor === null || !redactor.active ? null : redactStage(redactor),
      rules: this.#rules === null ? null : rulesStage(this.#rules, this.counts),
      relabel: this.#relabel === null ? null : relabelStage(this.#relabel, this.counts),
      rateLimit: limits === undefined ? null : rateLimitStage(limits, this.#limits.of(pod.uid, limits), this.counts),
      sampling: samples ? sampleStage(sample, `${pod.namespace}/${pod.pod}/${container}`, this.counts) : null,
      tailSampling: this.#tail === null || overrides.sampling === 'off' ? null : tailSampleStage(this.#tail.marker, this.#tail.sampler),
    };
  }

  /** Bytes that tail-based sampling occupies: held lines, open traces, decisions. */
  get tailMemoryBytes(): number {
    return this.#tail?.sampler.memoryBytes ?? 0;
  }

  /** Lets go of traces that are due; to be called once in a while, as containers that are gone no longer ask. */
  tick(): void {
    this.#tail?.sampler.look();
  }

  close(): void {
    this.#tail?.decisions.close();
  }

  /** One for all containers with the same settings: its tables are large. */
  #redactor(options: RedactConfig): Redactor {
    const key = JSON.stringify(options);
    let redactor = this.#redactors.get(key);
    if (redactor === undefined) {
      redactor = new Redactor(options, (kind) => countOne(this.counts.redacted, kind));
      this.#redactors.set(key, redactor);
    }
    return redactor;
  }
}
