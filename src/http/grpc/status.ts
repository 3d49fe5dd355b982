import { isSpoorError, type SpoorError } from '../../model/mod.ts';
import { rpcCodes } from '../../protocols/mod.ts';

/**
 * The gRPC code of a failure, as collectors read them: UNAVAILABLE and RESOURCE_EXHAUSTED (with RetryInfo) are tried again, the others are not. What HTTP calls 500 may pass later
 * and is UNAVAILABLE.
 */
export function rpcCodeOf(error: SpoorError): number {
  // What is over a limit for good is the client's mistake: RESOURCE_EXHAUSTED would have some clients try for ever.
  if (isSpoorError(error, 'blocked_ingestion')) return rpcCodes.permission_denied;
  const { status } = error;
  if (status === 401) return rpcCodes.unauthenticated;
  if (status === 403) return rpcCodes.permission_denied;
  if (status === 429) return rpcCodes.resource_exhausted;
  if (status === 499) return rpcCodes.cancelled;
  if (status === 501) return rpcCodes.unimplemented;
  return status >= 500 ? rpcCodes.unavailable : rpcCodes.invalid_argument;
}
