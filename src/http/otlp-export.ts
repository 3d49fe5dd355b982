import type { IngestProtocol, PushOutcome } from '../distributor/mod.ts';
import { compileMatcher } from '../logql/mod.ts';
import type { Limits, SpoorError } from '../model/mod.ts';
import { decodeOtlp, OtlpMapping, otlpBytesExpected, type OtlpRequest, type PartialSuccess } from '../protocols/mod.ts';
import type { HttpParts } from './parts.ts';
import type { PushWork } from './push-intake.ts';

/** Decoded, an export stands in a copy of its bytes too. */
const decodedFactor = 2;

const mappings = new WeakMap<Limits, OtlpMapping>();

/** A tenant's mapping of attributes. */
export function otlpMappingOf(limits: Limits): OtlpMapping {
  let mapping = mappings.get(limits);
  if (mapping === undefined) {
    mapping = new OtlpMapping(limits.otlp_config, limits.discover_service_name, (regex) => {
      const matcher = compileMatcher({ name: '', op: '=~', value: regex });
      return (name) => matcher.matches(name);
    });
    mappings.set(limits, mapping);
  }
  return mapping;
}

/** What is known of an export beside its body. */
export interface ExportForm extends Pick<OtlpRequest, 'format' | 'contentEncoding' | 'backfillShard'> {
  readonly protocol: IngestProtocol;
}

/** How an export ended. */
export type ExportOutcome =
  /** Stored, but for what `partial` says. `refusal` is why records were refused; null where none were. */
  | { readonly kind: 'stored'; readonly partial: PartialSuccess | null; readonly refusal: SpoorError | null }
  /** Nothing was stored, or a retry can store what was not. `status` is HTTP's. */
  | { readonly kind: 'refused'; readonly status: number; readonly refusal: SpoorError; readonly retryAfterSeconds: number | null };

/** What an export is expected to need of the memory of pushes. */
export function exportBytesExpected(parts: HttpParts, contentEncoding: string): (body: Buffer) => number {
  return (body) => decodedFactor * otlpBytesExpected(body, contentEncoding, parts.bodyLimits);
}

/** Decodes an export of logs and stores it. Throws what decodeOtlp and Distributor.push throw. */
export async function exportLogs(parts: HttpParts, tenant: string, push: PushWork, form: ExportForm): Promise<ExportOutcome> {
  const mapping = otlpMappingOf(parts.limits.forTenant(tenant));
  const { batch, expandedBytes, warning } = await decodeOtlp({ ...form, body: push.body, limits: parts.bodyLimits, mapping, nowNs: parts.clock.nowNs() });
  const needed = Math.max(decodedFactor * batch.bytes.length, expandedBytes);
  push.decoded(needed);
  await push.needs(needed);
  return outcomeOf(await parts.distributor.push(tenant, batch, { protocol: form.protocol }), warning);
}

function outcomeOf({ status, refusal, retryAfterSeconds, stored, refused }: PushOutcome, warning: string): ExportOutcome {
  if (refusal === null) return { kind: 'stored', partial: warning === '' ? null : { rejectedLogRecords: 0, errorMessage: warning }, refusal };
  if (stored === 0 || retryAfterSeconds !== null || status < 400) return { kind: 'refused', status, refusal, retryAfterSeconds };
  return { kind: 'stored', partial: { rejectedLogRecords: refused, errorMessage: warning === '' ? refusal.message : `${refusal.message}; ${warning}` }, refusal };
}
