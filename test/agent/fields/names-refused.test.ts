import { expect, it } from 'vitest';
import { isHighCardinality } from '../../../agent/fields/names-refused.ts';

it.each([
  'trace_id', 'traceId', 'TraceID', 'traceid', 'trace.id', 'dd.trace_id', 'span_id', 'requestId', 'request-id', 'req_id', 'http.request.id', 'correlationId', 'session_id', 'user_id', 'userId', 'user.id', 'order_id', 'traceparent',
  'uuid', 'timestamp', 'client_ip', 'email', 'message',
])('%s is no label', (name) => {
  expect(isHighCardinality(name)).toBe(true);
});

it.each(['level', 'method', 'status', 'service', 'team', 'component', 'region', 'job', 'event', 'user', 'logger', 'country', 'valid', 'grid'])('%s may be a label', (name) => {
  expect(isHighCardinality(name)).toBe(false);
});
