/**
 * Fields that are not made into labels whatever the configuration says, because nearly every line has another value: each value would be a stream of its own. Their names hold an identifier of
 * one event, one request or one person.
 */
const refused = /(?:^|[_.@-])(?:(?:trace|span|parent|request|req|correlation|session|transaction|txn|tx|message|msg|event|user|account|customer|client|order|connection|conn|job|query|batch)[_.-]?(?:u?u?id|guid|key|token)|uuid|guid|traceparent|tracestate|b3|timestamp|ts|time|datetime|ip|remote_addr|clientip|client_ip|offset|nonce|etag|email|message|msg)$/i;

/** Whether a field is refused as a label by its name. `traceId`, `requestID` and the like count as `trace_id`, `request_id`. */
export function isHighCardinality(field: string): boolean {
  return refused.test(field.replaceAll(/([a-z])([A-Z])/g, '$1_$2'));
}
