import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { rpcCodeOf, rpcNameOf, rpcStatusOf } from '../../../src/http/grpc/status.ts';
import { SpoorError, type ErrorCode } from '../../../src/model/mod.ts';

it.each<[ErrorCode, status]>([
  ['push_protobuf', status.INVALID_ARGUMENT],
  ['push_too_many', status.INVALID_ARGUMENT],
  ['no_valid_stream', status.INVALID_ARGUMENT],
  ['no_org_id', status.UNAUTHENTICATED],
  ['blocked_ingestion', status.PERMISSION_DENIED],
  ['rate_limited', status.RESOURCE_EXHAUSTED],
  ['query_cancelled', status.CANCELLED],
  ['not_implemented', status.UNIMPLEMENTED],
  ['internal', status.UNAVAILABLE],
  ['shutting_down', status.UNAVAILABLE],
  ['pushes_under_way', status.UNAVAILABLE],
])('%s', (code, wanted) => expect(rpcCodeOf(new SpoorError(code))).toBe(wanted));

it('is told with the time to wait, where there is one', () => {
  const error = new SpoorError('shutting_down');
  expect(rpcStatusOf(error, null)).toMatchObject({ code: status.UNAVAILABLE, details: error.message });
  expect(rpcStatusOf(error, null).metadata.get('grpc-status-details-bin')).toEqual([]);
  expect(String(rpcStatusOf(error, 3).metadata.get('grpc-status-details-bin')[0])).toContain('google.rpc.RetryInfo');
  expect(rpcNameOf(status.UNAVAILABLE)).toBe('UNAVAILABLE');
});
