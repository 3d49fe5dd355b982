import type { Stage, Unwrap } from '../syntax/mod.ts';
import { visitStage } from '../syntax/visit.ts';
import { compileDecolorize } from './decolorize.ts';
import { compileDrop } from './drop.ts';
import { compileJson } from './json.ts';
import { compileKeep } from './keep.ts';
import { compileLabelFilter, labelTest } from './label-filter.ts';
import { compileLabelFormat } from './label-format.ts';
import type { LabelsBuilder } from './labels-builder.ts';
import { compileLineFilter } from './line-filter.ts';
import { compileLineFormat } from './line-format.ts';
import { compileLogfmt } from './logfmt.ts';
import { compilePattern } from './pattern.ts';
import { compileRegexp } from './regexp.ts';
import type { CompiledStage } from './stage.ts';
import { compileUnpack } from './unpack.ts';

/** Makes a stage ready for rows whose labels `labels` holds. Faults that the parser of queries tells are thrown here too, as their kinds of errors. */
export function compileStage(stage: Stage, labels: LabelsBuilder): CompiledStage {
  return visitStage<CompiledStage>(stage, {
    line_filter: compileLineFilter,
    json: (s) => compileJson(s, labels),
    logfmt: (s) => compileLogfmt(s, labels),
    regexp: (s) => compileRegexp(s, labels),
    pattern: (s) => compilePattern(s, labels),
    unpack: () => compileUnpack(labels),
    label_filter: compileLabelFilter,
    line_format: compileLineFormat,
    label_format: compileLabelFormat,
    decolorize: compileDecolorize,
    drop: (s) => compileDrop(s, labels),
    keep: (s) => compileKeep(s, labels),
  });
}

/**
 * Makes the stages of a query ready. As in Loki a parser drops a row as soon as a label that it makes fails a label filter on that label alone, wherever in
 * the query that stands; `unwrap` has such a filter if it has only one.
 */
export function compilePipeline(stages: readonly Stage[], labels: LabelsBuilder, unwrap: Unwrap | null): readonly CompiledStage[] {
  const filters = stages.flatMap((stage) => (stage.kind === 'label_filter' ? [labelTest(stage.filter)] : []));
  if (unwrap?.filters.length === 1) filters.push(...unwrap.filters.map((filter) => labelTest(filter, true)));
  for (const compiled of filters) {
    const [name] = compiled.fields;
    if (!compiled.isBinary && name !== undefined) labels.filterWhileParsing(name, () => compiled.test(labels));
  }
  return stages.map((stage) => compileStage(stage, labels));
}
