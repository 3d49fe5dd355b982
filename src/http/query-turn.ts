import type { FastifyReply } from 'fastify';
import type { Limits, LimitsSource } from '../model/mod.ts';
import type { QueryQueue } from '../querier/mod.ts';
import { requestSignal } from './answer.ts';

/** Where requests wait: apart by what they need, so that many of one kind do not hold up the others. */
export interface QueryQueues {
  /** Queries that read all rows of their time. */
  readonly query: QueryQueue;
  /** Log queries, which end when they have the rows that were asked for. */
  readonly log: QueryQueue;
  /** Questions that the index answers. */
  readonly lookup: QueryQueue;
  /** Answers of any length, which are read as fast as their clients take them. */
  readonly export: QueryQueue;
}

/** A query's place, its deadline and its client. */
export interface QueryTurn {
  readonly limits: Limits;
  /** Aborts with `query_cancelled` when the client goes away, with `query_timeout` when the time is up. */
  readonly signal: AbortSignal;
  /** Must be called at the end. */
  readonly done: () => void;
}

/**
 * Waits until a query may begin. The time counts against query_timeout, and a client that goes away waits no longer. Throws `too_many_outstanding` where the queue is
 * full. `tenant` may stand for several, which then have a queue of their own.
 * @param timeoutMs how long the whole may take; query_timeout where it is left out
 */
export async function queryTurn(
  reply: FastifyReply,
  parts: { readonly queues: QueryQueues; readonly limits: LimitsSource },
  tenant: string,
  kind: keyof QueryQueues,
  timeoutMs?: number,
): Promise<QueryTurn> {
  const limits = parts.limits.forTenant(tenant);
  const { signal, done } = requestSignal(reply, timeoutMs ?? Number(limits.query_timeout / 1_000_000n));
  try {
    const leave = await parts.queues[kind].enter(tenant, limits.max_outstanding_requests_per_tenant, signal);
    return {
      limits,
      signal,
      done: () => {
        leave();
        done();
      },
    };
  } catch (error) {
    done();
    throw error;
  }
}
