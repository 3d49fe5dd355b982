import { ProtobufWriter } from './protobuf-writer.ts';

/** Codes of google.rpc.Code, which gRPC and the Status of OTLP share. */
export const rpcCodes = {
  ok: 0, cancelled: 1, invalid_argument: 3, deadline_exceeded: 4, not_found: 5, permission_denied: 7, resource_exhausted: 8, unimplemented: 12, internal: 13, unavailable: 14, unauthenticated: 16,
} as const;

/** What an export was answered with, where not everything was stored as sent. */
export interface PartialSuccess {
  readonly rejectedLogRecords: number;
  /** Why; or, where nothing was rejected, a warning. */
  readonly errorMessage: string;
}

/** ExportLogsServiceResponse as protobuf; null: everything was stored. */
export function exportResponse(partial: PartialSuccess | null): Buffer {
  const writer = new ProtobufWriter(256);
  if (partial !== null) {
    const message = writer.open(0x0a);
    if (partial.rejectedLogRecords > 0) writer.varint(0x08, partial.rejectedLogRecords);
    if (partial.errorMessage !== '') writer.text(0x12, partial.errorMessage);
    writer.close(message);
  }
  return writer.view();
}

/** ExportLogsServiceResponse as JSON: 64-bit numbers are strings there. */
export function exportResponseJson(partial: PartialSuccess | null): string {
  if (partial === null) return '{}';
  return JSON.stringify({ partialSuccess: { rejectedLogRecords: String(partial.rejectedLogRecords), errorMessage: partial.errorMessage } });
}

/** google.rpc.Status as protobuf, with a google.rpc.RetryInfo where `retryAfterSeconds` is given. */
export function rpcStatus(code: number, message: string, retryAfterSeconds: number | null = null): Buffer {
  const writer = new ProtobufWriter(message.length * 3 + 128);
  if (code !== 0) writer.varint(0x08, code);
  writer.text(0x12, message);
  if (retryAfterSeconds !== null) {
    const detail = writer.open(0x1a);
    writer.text(0x0a, 'type.googleapis.com/google.rpc.RetryInfo');
    const retry = writer.open(0x12);
    const delay = writer.open(0x0a);
    writer.varint(0x08, retryAfterSeconds);
    writer.close(delay);
    writer.close(retry);
    writer.close(detail);
  }
  return writer.view();
}
