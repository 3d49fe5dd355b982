import { runInSlices } from '../slices.ts';
import { decodeOtlpContent } from './content.ts';
import { otlpJsonToProtobuf } from './json.ts';
import { decodeOtlpProtobuf, type OtlpOptions, type OtlpPush } from './protobuf.ts';

/** An export of logs by OTLP. */
export interface OtlpRequest extends OtlpOptions {
  /** As it arrived; not changed. */
  readonly body: Buffer;
  readonly format: 'protobuf' | 'json';
  /** Header Content-Encoding. */
  readonly contentEncoding: string;
  /** Aborts between two slices of work. */
  readonly signal?: AbortSignal;
}

/**
 * Decodes an ExportLogsServiceRequest, in slices, so that the event loop is never held for long. Throws `push_*` and `body_too_large`, all of which refuse the whole export.
 */
export async function decodeOtlp(request: OtlpRequest): Promise<OtlpPush> {
  const content = await decodeOtlpContent(request.body, request.contentEncoding, request.limits);
  const message = request.format === 'json' ? await runInSlices(otlpJsonToProtobuf(content, request.limits), request.signal) : content;
  return runInSlices(decodeOtlpProtobuf(message, request), request.signal);
}
