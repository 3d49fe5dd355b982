import { ProtobufWriter } from './protobuf-writer.ts';

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

/** google.rpc.Status as protobuf, `code` being gRPC's, with a google.rpc.RetryInfo where `retryAfterSeconds` is given. */
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
