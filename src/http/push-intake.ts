import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BufferPool } from '../bytes/mod.ts';
import type { IngestProtocol } from '../distributor/mod.ts';
import { ByteBudget, isSpoorError, reasonOf, SpoorError, type Clock } from '../model/mod.ts';
import type { Metrics } from './metrics.ts';
import { RefusalPacer } from './refusal-pacer.ts';
import { header } from './request.ts';

/** Decoded, a push stands in columns beside its bytes. */
const workFactor = 2;
/** Memory of bodies that is kept to be used again. */
const bodyPoolBytes = 8 * 2 ** 20;
/** A body's first memory, whatever length it announces. */
const bodyBytesFirst = 512 * 1024;
/** What is noted of a request whose client did not wait for the answer. */
const goneStatus = 499;

export interface PushIntakeSettings {
  /** Largest body as it arrives (`server.body_bytes_max`). */
  readonly bodyBytesMax: number;
  /** Bytes of pushes that may be under way at the same time (`server.push_bytes_max`). */
  readonly pushBytesMax: number;
  /** Longest time by which answers to refused pushes are held back (`server.refusal_delay_max`). */
  readonly refusalDelayMaxMs: number;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** What a request holds: its bytes, decompressed if that is known, and how to give them back, more than once if need be. */
interface Held {
  bytes: number;
  readonly releases: (() => void)[];
}

/** What a push may do with its share of the memory. */
export interface PushWork {
  /** The body as it arrived; it may be changed, and must not be looked at once the work is over. */
  readonly body: Buffer;
  /** Gives back what decoding did not need: `bytes` is the length of the decompressed body. */
  readonly decoded: (bytes: number) => void;
  /** Waits for more memory where what will be made of the push is longer than its decompressed body. */
  readonly needs: (bytes: number) => Promise<void>;
}

/**
 * The memory of pushes, of all protocols together. Bodies that arrive share one budget, over which pushes are refused (`pushes_under_way`); what is made of them shares
 * another, in which they wait for their turn.
 */
export class PushIntake {
  readonly #bodyBytesMax: number;
  readonly #bodies: ByteBudget;
  readonly #work: ByteBudget;
  readonly #pool = new BufferPool(bodyPoolBytes);
  readonly #metrics: Metrics;
  readonly #pacer: RefusalPacer;
  /** What is held for requests whose answer is not given yet. */
  readonly #held = new WeakMap<FastifyRequest, Held>();

  constructor({ bodyBytesMax, pushBytesMax, refusalDelayMaxMs, metrics, clock }: PushIntakeSettings) {
    this.#bodyBytesMax = bodyBytesMax;
    this.#bodies = new ByteBudget(Math.max(pushBytesMax, bodyBytesMax));
    this.#work = new ByteBudget(pushBytesMax);
    this.#metrics = metrics;
    this.#pacer = new RefusalPacer(clock, refusalDelayMaxMs);
    metrics.gauge('spoor_ingest_refusals_held_back', 'Answers to refused pushes that wait', () => this.#pacer.waiting);
    metrics.gauge('spoor_push_body_bytes', 'Bytes of pushes that arrive or are worked on', () => this.#bodies.used);
  }

  /**
   * Reads the body of an HTTP request, counted as it comes and not as it is announced, and works on it. `expectedBytes` tells from the body how long it is expected to be once it is
   * decompressed (decodedBytesExpected). Throws `body_too_large`, `pushes_under_way`, `bad_request` where the body breaks off, and what `work` throws.
   */
  async receive<T>(protocol: IngestProtocol, request: FastifyRequest, expectedBytes: (body: Buffer) => number, work: (push: PushWork) => Promise<T>): Promise<T> {
    const { memory, length } = await this.#readBody(request);
    const release = once(() => {
      this.#bodies.give(length);
      this.#pool.give(memory);
    });
    const held: Held = { bytes: length, releases: [release] };
    this.#held.set(request, held);
    try {
      this.#metrics.ingest.body(protocol, length);
      return await this.#run(memory.subarray(0, length), expectedBytes, work, held);
    } finally {
      release();
    }
  }

  /** Works on a body that is in memory already, as other servers than HTTP's have it. Throws `pushes_under_way` and what `work` throws. */
  async take<T>(protocol: IngestProtocol, body: Buffer, expectedBytes: (body: Buffer) => number, work: (push: PushWork) => Promise<T>): Promise<T> {
    this.#metrics.ingest.body(protocol, body.length);
    if (!this.#bodies.tryTake(body.length)) throw this.#full();
    try {
      return await this.#run(body, expectedBytes, work, { bytes: 0, releases: [] });
    } finally {
      this.#bodies.give(body.length);
    }
  }

  async #run<T>(body: Buffer, expectedBytes: (body: Buffer) => number, work: (push: PushWork) => Promise<T>, held: Held): Promise<T> {
    const first = workFactor * expectedBytes(body);
    let share = await this.#work.share(first);
    held.releases.push(() => share.release());
    const decoded = (bytes: number): void => {
      held.bytes = Math.max(held.bytes, bytes);
      share.shrinkTo(workFactor * bytes);
    };
    const needs = async (bytes: number): Promise<void> => {
      if (workFactor * bytes <= first) return;
      // Given back before more is asked for, so that nobody waits for one who waits.
      share.release();
      share = await this.#work.share(workFactor * bytes);
    };
    try {
      return await work({ body, decoded, needs });
    } finally {
      share.release();
    }
  }

  /**
   * Holds back the answer to a refused push of `bytes` where refusals come in numbers (RefusalPacer). `ingestScope` does it for HTTP; other ways in call it before they answer that nothing, or
   * not everything, was taken.
   */
  async pace(tenant: string, bytes: number): Promise<void> {
    await this.#pacer.pace(tenant, bytes);
  }

  /** {@link pace} for a request, whose memory is given back first: its answer is written already. */
  async paceRequest(request: FastifyRequest): Promise<void> {
    const held = this.#held.get(request);
    for (const release of held?.releases ?? []) release();
    // A body that was refused by its length, or did not come, was not worked on.
    await this.#pacer.pace(header(request, 'x-scope-orgid') ?? '', held?.bytes ?? 0);
  }

  #full(): SpoorError {
    return new SpoorError('pushes_under_way', { bytes: this.#bodies.used, limit: this.#bodies.limit });
  }

  /** The caller gives back both the bytes and the memory. */
  #readBody(request: FastifyRequest): Promise<{ readonly memory: Buffer; readonly length: number }> {
    const bytesMax = this.#bodyBytesMax;
    const budget = this.#bodies;
    const pool = this.#pool;
    const payload = request.body as Readable | undefined | null;
    if (payload === undefined || payload === null) return Promise.resolve({ memory: Buffer.alloc(0), length: 0 });
    const tooLarge = (): SpoorError => new SpoorError('body_too_large', { limit: bytesMax, name: 'server.body_bytes_max' });
    const announced = Number(header(request, 'content-length') ?? 0);
    if (announced > bytesMax) return Promise.reject(tooLarge());
    return new Promise((resolve, reject) => {
      let memory = pool.take(Math.min(announced, bodyBytesFirst));
      let length = 0;
      let settled = false;
      const fail = (error: SpoorError): void => {
        if (settled) return;
        settled = true;
        budget.give(length);
        pool.give(memory);
        reject(error);
      };
      const brokeOff = (cause?: unknown): void => fail(new SpoorError('bad_request', { reason: `the body broke off: ${cause === undefined ? 'aborted' : reasonOf(cause)}` }, { cause }));
      payload.on('data', (chunk: Buffer) => {
        // What is left of a refused body is read and dropped, or the client would not see the answer for the reset.
        if (settled) return;
        if (length + chunk.length > bytesMax) return fail(tooLarge());
        if (!budget.tryTake(chunk.length)) return fail(this.#full());
        if (length + chunk.length > memory.length) {
          const larger = pool.take(Math.min(bytesMax, 2 * (length + chunk.length)));
          memory.copy(larger, 0, 0, length);
          pool.give(memory);
          memory = larger;
        }
        chunk.copy(memory, length);
        length += chunk.length;
      });
      payload.on('error', brokeOff);
      payload.on('close', brokeOff);
      payload.on('end', () => {
        if (settled) return;
        settled = true;
        resolve({ memory, length });
      });
    });
  }
}

/** `work`, the first time it is called. */
function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}

/**
 * A Fastify scope for the routes of one protocol: bodies stay streams (PushIntake reads them), requests are counted, by status and, where one fails as a whole (its handler
 * throws), by error code, and answers to refused ones are held back where they come in numbers.
 */
export async function ingestScope(
  app: FastifyInstance,
  { metrics, intake }: { readonly metrics: Metrics; readonly intake: PushIntake },
  protocol: IngestProtocol,
  routes: (scope: FastifyInstance) => void,
): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.addHook('onRequest', async (_request, reply) => {
      reply.raw.once('close', () => metrics.ingest.request(protocol, reply.raw.writableFinished ? reply.statusCode : goneStatus));
    });
    scope.addHook('onError', async (_request, _reply, error) => metrics.ingest.refusedRequest(protocol, isSpoorError(error) ? error.code : 'internal'));
    scope.addHook('onSend', async (request, reply) => {
      // 260 is how Loki says that ingestion is blocked.
      if (reply.statusCode >= 400 || reply.statusCode === 260) await intake.paceRequest(request);
    });
    routes(scope);
  });
}
