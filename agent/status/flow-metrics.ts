import type { PipelineCounts } from '../pipeline/pipelines.ts';
import type { ShapeCounts } from '../shape/counts.ts';
import { counter, counterBy, gauge } from './families.ts';
import type { Metric } from './metrics.ts';

/** What became of lines between reading and the destinations. */
export function flowMetrics(pipelines: PipelineCounts, shape: ShapeCounts): Metric[] {
  const { fields, multiline } = pipelines;
  const { tail } = shape;
  const excluded: readonly (readonly [string, number])[] = pipelines.excludedLines === 0 ? [] : [['excluded', pipelines.excludedLines]];
  const excludedBytes: readonly (readonly [string, number])[] = pipelines.excludedLines === 0 ? [] : [['excluded', pipelines.excludedBytes]];
  return [
    counterBy('dropped_lines_total', 'Lines that settings or annotations drop, by reason.', 'reason', [...shape.dropped, ...excluded]),
    counterBy('dropped_line_bytes_total', 'Bytes of those lines.', 'reason', [...shape.droppedBytes, ...excludedBytes]),
    counterBy('kept_lines_total', 'Lines that a keep rule decided on, by its name.', 'rule', shape.kept),
    counterBy('redacted_total', 'Texts that were redacted, by kind.', 'kind', shape.redacted),
    counter('rate_limit_markers_total', 'Lines that say how many a rate limit dropped.', shape.markers),
    counter('sampled_lines_total', 'Lines that samplers looked at and kept.', shape.sampled),
    counterBy('tail_sampling_traces_total', 'Traces that tail-based sampling decided on.', 'decision', [
      ['error', tail.keptByError], ['slow', tail.keptBySlow], ['rule', tail.keptByRule], ['fraction', tail.keptByFraction], ['dropped', tail.dropped],
    ]),
    counter('tail_sampling_early_total', 'Of those, traces decided before their window was over, because memory was full.', tail.early),
    counter('tail_sampling_late_lines_total', 'Lines that came after the decision on their trace and followed it.', tail.late),
    gauge('tail_sampling_open_traces', 'Traces that are open.', tail.openTraces),
    gauge('tail_sampling_held_lines', 'Lines that are held.', tail.heldLines),
    gauge('tail_sampling_held_bytes', 'Memory that held lines take.', tail.heldBytes),
    counter('parsed_lines_total', 'Lines that a parser looked at.', fields.lines),
    counter('not_in_format_lines_total', 'Lines that are not in the format that a rule names for them.', fields.notInFormat),
    counter('lines_with_level_total', 'Lines whose level was found.', fields.withLevel),
    counter('lines_with_trace_total', 'Lines whose trace ID was found.', fields.withTrace),
    counter('bad_times_total', 'Times that a rule wanted from a field and that could not be read.', fields.badTimes),
    counter('label_values_refused_total', 'Values that did not become labels because there were too many; they are structured metadata.', fields.labelValuesRefused),
    counter('metadata_values_cut_total', 'Values of structured metadata that were cut.', fields.valuesCut),
    counter('multiline_entries_total', 'Entries of more than one line.', multiline.joined),
    counter('multiline_lines_total', 'Lines in them.', multiline.joinedLines),
    counter('multiline_cut_total', 'Entries of several lines that a limit cut.', multiline.cut),
    counter('annotation_faults_total', 'Annotations of pods that are not used; the log says why.', pipelines.annotationFaults),
  ];
}
