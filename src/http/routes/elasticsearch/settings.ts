import type { FastifyRequest } from 'fastify';
import { SpoorError, type Limits } from '../../../model/mod.ts';
import { fieldRules, type DocumentLimits, type FieldRules, type PushBodyLimits } from '../../../protocols/mod.ts';
import { parameter, readParameters } from '../../parameters.ts';
import { header } from '../../request.ts';

/** Fields that a request may name for each purpose. */
const fieldsMax = 100;
const fieldsTextMax = 8192;

const byLimits = new WeakMap<Limits, FieldRules>();

/**
 * Which fields become what: as the tenant's limits say, or for one request as its parameters `_msg_field`, `_time_field`, `_stream_fields` and `ignore_fields` say, or its headers
 * VL-Msg-Field and so on, as VictoriaLogs has them; names with commas between. Throws `bad_request` where they are too many.
 */
export function rulesFor(request: FastifyRequest, limits: Limits): FieldRules {
  const line = asked(request, '_msg_field', 'vl-msg-field');
  const time = asked(request, '_time_field', 'vl-time-field');
  const labels = asked(request, '_stream_fields', 'vl-stream-fields');
  const ignored = asked(request, 'ignore_fields', 'vl-ignore-fields');
  const isPlain = line === null && time === null && labels === null && ignored === null;
  const known = isPlain ? byLimits.get(limits) : undefined;
  if (known !== undefined) return known;
  const rules = fieldRules({
    labels: labels ?? limits.elasticsearch_label_fields,
    line: line ?? limits.elasticsearch_line_fields,
    time: time ?? limits.elasticsearch_time_fields,
    ignored: ignored ?? limits.elasticsearch_ignored_fields,
  });
  if (isPlain) byLimits.set(limits, rules);
  return rules;
}

/** The fields that a request names, or null. */
function asked(request: FastifyRequest, name: string, headerName: string): readonly string[] | null {
  const text = (request.url.includes(name) ? parameter(readParameters(request.url, ''), name) : '') || (header(request, headerName) ?? '');
  if (text === '') return null;
  const fields = text.split(',').map((field) => field.trim()).filter((field) => field !== '');
  if (text.length > fieldsTextMax || fields.length > fieldsMax) throw new SpoorError('bad_request', { reason: `${name} names more than ${fieldsMax} fields, or takes more than ${fieldsTextMax} bytes` });
  return fields.length === 0 ? null : fields;
}

/** What a tenant allows in one document. */
export function documentLimits(limits: Limits, body: PushBodyLimits, nowNs: bigint): DocumentLimits {
  const { max_structured_metadata_entries_count: count, max_structured_metadata_size: size } = limits;
  const allowed = limits.allow_structured_metadata;
  return {
    pairsMax: allowed ? Math.min(body.entryPairsMax - 1, count === 0 ? Number.POSITIVE_INFINITY : count) : 0,
    pairBytesMax: size === 0 ? Number.POSITIVE_INFINITY : size,
    labelsMax: limits.max_label_names_per_series,
    labelBytesMax: limits.max_label_value_length,
    levels: allowed && limits.discover_log_levels,
    nowSeconds: Number(nowNs / 1_000_000_000n),
    nowNanos: Number(nowNs % 1_000_000_000n),
  };
}
