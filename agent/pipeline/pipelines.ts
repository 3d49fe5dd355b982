import type { Logger } from 'pino';
import { labelSet, type Clock } from '../../src/model/mod.ts';
import type { StreamLabels } from '../buffer/batch.ts';
import type { LabelledSink } from '../buffer/outlet.ts';
import type { MultilineOptions } from '../config/multiline.ts';
import { parseRuleSchema, type FieldDefaults, type ParseRule } from '../config/parse.ts';
import { noPod, type FileOrigin } from '../discover/origin.ts';
import type { PodPath } from '../discover/paths.ts';
import { readAnnotations, type ContainerOverrides } from '../enrich/annotations.ts';
import type { PodLabels } from '../enrich/pod-labels.ts';
import { newFieldCounts, type FieldCounts } from '../fields/counts.ts';
import type { LabelValues } from '../fields/label-values.ts';
import type { MetadataPair } from '../fields/metadata.ts';
import { compileSettings, type FieldSettings } from '../fields/settings.ts';
import { ParseStage } from '../fields/stage.ts';
import { multilineBudget, multilineStage, newMultilineCounts, type MultilineCounts } from '../join/multiline.ts';
import { streamNames, type RecordFormat } from '../parse/record.ts';
import { Shaping, type ShapeOptions } from '../shape/shaping.ts';
import { buildPipeline, type PipelineContainer } from './build.ts';
import { compileGlobs } from './globs.ts';
import type { Pipeline } from './pipeline.ts';

/** Settings of what lines pass through. */
export interface PipelinesOptions {
  readonly parse: readonly ParseRule[];
  readonly fields: FieldDefaults;
  readonly multiline: MultilineOptions;
  readonly shape: ShapeOptions;
  /** Annotations that pods may set. */
  readonly annotations: readonly string[];
  /** Labels of every stream. */
  readonly staticLabels: Readonly<Record<string, string>>;
}

/** What pipelines need of those around them. */
export interface PipelinesSurroundings {
  readonly labels: PodLabels;
  readonly sink: LabelledSink;
  readonly log: Logger;
  readonly clock: Clock;
  /** Where tail-based sampling keeps its decisions; null for nowhere. */
  readonly stateDir: string | null;
  readonly failed: (path: string, error: unknown) => void;
}

/** What pipelines counted, beside what stages count themselves. */
export interface PipelineCounts {
  readonly fields: FieldCounts;
  readonly multiline: MultilineCounts;
  /** Annotations that are not used. */
  annotationFaults: number;
  /** Lines of containers that an annotation leaves out, and their bytes. */
  excludedLines: number;
  excludedBytes: number;
}

/** Compiled rules that are kept for annotations. */
const derivedMax = 500;
const saidMax = 10_000;
const noOverrides: ContainerOverrides = { exclude: false, parser: undefined, multiline: undefined, shape: {}, tenant: undefined, labels: undefined, metadata: undefined };

/** Makes the pipeline of each container and each log file from the settings and the pod's annotations, and holds what pipelines share. One per agent. */
export class Pipelines {
  readonly counts: PipelineCounts = { fields: newFieldCounts(), multiline: newMultilineCounts(), annotationFaults: 0, excludedLines: 0, excludedBytes: 0 };
  readonly shaping: Shaping;
  /** What the settings ask for and do not get. */
  readonly warnings: readonly string[];
  readonly #options: PipelinesOptions;
  readonly #surroundings: PipelinesSurroundings;
  readonly #rules: readonly { readonly applies: (labels: StreamLabels['labels']) => boolean; readonly rule: ParseRule; readonly settings: FieldSettings }[];
  readonly #derived = new Map<string, FieldSettings>();
  readonly #budget = multilineBudget();
  readonly #said = new Set<string>();

  constructor(options: PipelinesOptions, surroundings: PipelinesSurroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.shaping = new Shaping(options.shape, surroundings);
    const warnings: string[] = [];
    // The last rule is for all that no rule is for.
    this.#rules = [...options.parse, parseRuleSchema.parse({})].map((rule) => ({
      applies: compileGlobs(rule.when), rule, settings: compileSettings(rule, options.fields, warnings),
    }));
    this.warnings = Array.from(new Set(warnings));
  }

  /** The pipeline of one run of a container; undefined while the pod's metadata may still come. */
  forContainer(pod: PodPath, container: string, chain: string): Pipeline | undefined {
    const { labels } = this.#surroundings;
    const decision = labels.decide(pod);
    if (decision === undefined) return undefined;
    const overrides = readAnnotations(decision.annotations ?? {}, container, this.#options.annotations, ({ annotation, reason }) => this.#fault(pod, annotation, reason));
    if (overrides.exclude) return this.#excluded();
    const streams = labels.streams(pod, container, overrides.tenant);
    return streams === undefined ? undefined : this.#build({ pod, container, chain, streams }, labels.facts(pod, container), labels.values(pod), overrides, this.#options.multiline);
  }

  /** The pipeline of a log file that belongs to no container. `format` is that of its records. */
  forFiles(origin: FileOrigin, format: RecordFormat, chain: string): Pipeline {
    const { source, path } = origin;
    const [out, error, unparsed] = streamNames.map((stream) => ({
      labels: labelSet([
        ...Object.entries(this.#options.staticLabels), ...Object.entries(source.labels), ['filename', path],
        // A plain file has no streams.
        ...(format === 'raw' ? [] : [['stream', stream] as const]),
      ]),
    }));
    const values = this.#surroundings.labels.fileValues(source.name);
    return this.#build({ pod: noPod, container: source.name, chain, streams: [out!, error!, unparsed!] }, [], values, noOverrides, source.multiline ?? this.#options.multiline);
  }

  close(): void {
    this.shaping.close();
  }

  #build(container: PipelineContainer, facts: readonly MetadataPair[], values: LabelValues, overrides: ContainerOverrides, multiline: MultilineOptions): Pipeline {
    const shape = this.shaping.stages(container.pod, container.container, overrides.shape);
    const settings = this.#settings(container, overrides);
    const lines = overrides.multiline ?? multiline;
    return buildPipeline(container, {
      ...shape,
      multiline: lines.mode === 'off' ? null : multilineStage(lines, this.#budget, this.counts.multiline),
      parse: settings.table === null && facts.length === 0 ? null : new ParseStage(settings, { facts, values }, this.counts.fields),
    }, this.#surroundings.sink);
  }

  /** The settings of the first rule that is for the container, with what its annotations change. */
  #settings(container: PipelineContainer, { parser, labels, metadata }: ContainerOverrides): FieldSettings {
    const found = this.#rules.find(({ applies }) => applies(container.streams[0].labels));
    if (found === undefined) throw new Error('the last rule is for all');
    if (parser === undefined && labels === undefined && metadata === undefined) return found.settings;
    const rule: ParseRule = {
      ...found.rule,
      ...(parser === undefined ? {} : { format: parser.format, pattern: parser.pattern, patterns: {}, types: {} }),
      ...(labels === undefined ? {} : { labels }), ...(metadata === undefined ? {} : { metadata }),
    };
    const key = JSON.stringify(rule);
    let settings = this.#derived.get(key);
    if (settings === undefined) {
      const warnings: string[] = [];
      settings = compileSettings(rule, this.#options.fields, warnings);
      for (const reason of warnings) this.#fault(container.pod, 'spoor.dev/labels', reason);
      if (this.#derived.size >= derivedMax) this.#derived.clear();
      this.#derived.set(key, settings);
    }
    return settings;
  }

  #fault(pod: PodPath, annotation: string, reason: string): void {
    const key = `${pod.uid} ${annotation} ${reason}`;
    if (this.#said.has(key)) return;
    if (this.#said.size >= saidMax) this.#said.clear();
    this.#said.add(key);
    this.counts.annotationFaults++;
    this.#surroundings.log.warn({ namespace: pod.namespace, pod: pod.pod, annotation, reason }, 'an annotation of a pod is not used');
  }

  #excluded(): Pipeline {
    const { counts } = this;
    return {
      take: (line) => {
        counts.excludedLines++;
        counts.excludedBytes += line.end - line.start;
      },
      tick: () => undefined, flush: () => undefined, heldFrom: () => null,
    };
  }
}
