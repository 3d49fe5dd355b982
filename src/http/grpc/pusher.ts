import { decodeLokiMessage } from '../../protocols/mod.ts';
import type { HttpParts } from '../parts.ts';
import { tenantOf } from '../tenant.ts';
import { RefusedCall } from './refused-call.ts';
import type { GrpcService } from './service.ts';

/** Loki's logproto.Pusher, which syslog-ng and older clients use: what POST /loki/api/v1/push does. Of a push with bad entries the good ones are stored. */
export function pusherService(parts: HttpParts): GrpcService {
  return {
    path: '/logproto.Pusher/Push',
    protocol: 'grpc',
    handle: async (orgId, message) => {
      const tenant = tenantOf(orgId, parts.authEnabled);
      const { refusal, retryAfterSeconds } = await parts.intake.take('grpc', message, ({ length }) => length, async ({ body }) =>
        parts.distributor.push(tenant, await decodeLokiMessage(body, parts.bodyLimits), { protocol: 'grpc' }),
      );
      if (refusal !== null) throw new RefusedCall(refusal, retryAfterSeconds);
      // PushResponse has no fields.
      return Buffer.alloc(0);
    },
  };
}
