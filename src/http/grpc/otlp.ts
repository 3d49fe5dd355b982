import { exportResponse } from '../../protocols/mod.ts';
import { exportBytesExpected, exportLogs } from '../otlp-export.ts';
import type { HttpParts } from '../parts.ts';
import { tenantOf } from '../tenant.ts';
import { RefusedCall } from './refused-call.ts';
import type { GrpcService } from './service.ts';

/** OpenTelemetry's LogsService: what POST /v1/logs does. Always answers with an ExportLogsServiceResponse, or with an error. */
export function exportService(parts: HttpParts): GrpcService {
  return {
    path: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
    protocol: 'grpc',
    handle: async (orgId, message) => {
      const tenant = tenantOf(orgId, parts.authEnabled);
      const outcome = await parts.intake.take('grpc', message, exportBytesExpected(parts, ''), (push) =>
        exportLogs(parts, tenant, push, { protocol: 'grpc', format: 'protobuf', contentEncoding: '', backfillShard: '' }),
      );
      if (outcome.kind === 'stored') return exportResponse(outcome.partial);
      // OTLP has a server take an export of nothing.
      if (outcome.refusal.code === 'no_valid_stream') return exportResponse(null);
      throw new RefusedCall(outcome.refusal, outcome.retryAfterSeconds);
    },
  };
}
