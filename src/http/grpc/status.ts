import { Metadata, status as rpcCodes, type StatusObject } from '@grpc/grpc-js';
import type { SpoorError } from '../../model/mod.ts';
import { rpcStatus } from '../../protocols/mod.ts';

/**
 * The gRPC code of a failure, as collectors read them: UNAVAILABLE is tried again, RESOURCE_EXHAUSTED is where RetryInfo comes with it, the others are not. What HTTP calls 500 may
 * pass later and is UNAVAILABLE.
 */
export function rpcCodeOf(error: SpoorError): rpcCodes {
  if (error.code.startsWith('blocked_ingestion')) return rpcCodes.PERMISSION_DENIED;
  const { status } = error;
  if (status === 401) return rpcCodes.UNAUTHENTICATED;
  if (status === 429) return rpcCodes.RESOURCE_EXHAUSTED;
  if (status === 499) return rpcCodes.CANCELLED;
  if (status === 501) return rpcCodes.UNIMPLEMENTED;
  return status >= 500 ? rpcCodes.UNAVAILABLE : rpcCodes.INVALID_ARGUMENT;
}

/** A code by its name, such as INVALID_ARGUMENT. */
export function rpcNameOf(code: rpcCodes): string {
  return rpcCodes[code];
}

/** The status of a call that failed, with the time to wait where a retry can succeed. */
export function rpcStatusOf(error: SpoorError, retryAfterSeconds: number | null): StatusObject {
  const code = rpcCodeOf(error);
  const metadata = new Metadata();
  if (retryAfterSeconds !== null) metadata.set('grpc-status-details-bin', rpcStatus(code, error.message, retryAfterSeconds));
  return { code, details: error.message, metadata };
}
