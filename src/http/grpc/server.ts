import { logVerbosity, Server, ServerCredentials, setLogVerbosity, status as rpcCodes, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { isSpoorError, reasonOf, SpoorError } from '../../model/mod.ts';
import { retryAfterSeconds } from '../answer.ts';
import type { HttpParts } from '../parts.ts';
import { ArrivingCalls } from './arriving-calls.ts';
import { exportService } from './otlp.ts';
import { pusherService } from './pusher.ts';
import { RefusedCall } from './refused-call.ts';
import type { GrpcService } from './service.ts';
import { rpcCodeOf, rpcNameOf, rpcStatusOf } from './status.ts';

/** Calls that one connection may have under way. */
const streamsMax = 100;
/** Calls of all connections that may be sending their messages, and when one of them is slow. */
const callsArrivingMax = 1000;
const slowAfterMs = 1000;
/** Headers of a call. */
const metadataBytesMax = 16 * 1024;

export interface GrpcSettings {
  /** `host:port` each. */
  readonly addresses: readonly string[];
  /** Largest message, after decompression too. */
  readonly messageBytesMax: number;
  /** Memory of messages that arrive slowly. */
  readonly arrivingBytesMax: number;
  /** Time in which a message must have arrived. */
  readonly readTimeoutMs: number;
}

/** The gRPC server: OpenTelemetry's LogsService and Loki's Pusher, on each address. */
export class GrpcServer {
  readonly #server: Server;
  readonly #ports: number[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Binds all addresses. Rejects with what the system says of the first that cannot be had. */
  static async listen(settings: GrpcSettings, parts: HttpParts, log: Logger): Promise<GrpcServer> {
    // What it would say on standard error, its callbacks tell.
    setLogVerbosity(logVerbosity.NONE);
    const slowMax = Math.max(8, Math.floor(settings.arrivingBytesMax / settings.messageBytesMax));
    const arriving = new ArrivingCalls({ callsMax: callsArrivingMax, slowMax, slowMs: slowAfterMs, timeoutMs: settings.readTimeoutMs });
    const server = new Server({
      'grpc.max_receive_message_length': settings.messageBytesMax,
      'grpc.max_concurrent_streams': streamsMax,
      'grpc.max_metadata_size': metadataBytesMax,
      interceptors: [arriving.interceptor],
    });
    for (const service of [exportService(parts), pusherService(parts)]) addService(server, service, parts, log);
    const running = new GrpcServer(server);
    try {
      for (const address of settings.addresses) running.#ports.push(await bind(server, address));
    } catch (error) {
      server.forceShutdown();
      throw error;
    }
    return running;
  }

  /** The ports, in the order of the addresses. */
  get ports(): readonly number[] {
    return this.#ports;
  }

  /** Takes no more calls and waits for those under way, which are broken off when `signal` aborts. */
  async close(signal: AbortSignal): Promise<void> {
    const done = Promise.withResolvers<void>();
    const breakOff = (): void => this.#server.forceShutdown();
    signal.addEventListener('abort', breakOff, { once: true });
    this.#server.tryShutdown(() => done.resolve());
    if (signal.aborted) breakOff();
    await done.promise;
    signal.removeEventListener('abort', breakOff);
  }
}

async function bind(server: Server, address: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const target = address.startsWith(':') ? `0.0.0.0${address}` : address;
  server.bindAsync(target, ServerCredentials.createInsecure(), (error, port) => (error === null ? resolve(port) : reject(error)));
  return promise;
}

const asItIs = (bytes: Buffer): Buffer => bytes;

function addService(server: Server, service: GrpcService, parts: HttpParts, log: Logger): void {
  const { path, protocol } = service;
  const method = { path, requestStream: false, responseStream: false, requestSerialize: asItIs, requestDeserialize: asItIs, responseSerialize: asItIs, responseDeserialize: asItIs };
  const handle = async (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): Promise<void> => {
    const began = parts.clock.monotonicMs();
    const noted = (code: rpcCodes): void => {
      parts.metrics.ingest.request(protocol, rpcNameOf(code));
      parts.metrics.request('GRPC', path, code, (parts.clock.monotonicMs() - began) / 1000);
    };
    const orgId = call.metadata.get('x-scope-orgid')[0];
    const tenant = orgId === undefined ? undefined : String(orgId);
    try {
      const bytes = await service.handle(tenant, call.request);
      noted(rpcCodes.OK);
      answer(null, bytes);
    } catch (error) {
      const refused = error instanceof RefusedCall ? error : refusedCall(error);
      const code = rpcCodeOf(refused.refusal);
      noted(code);
      parts.metrics.ingest.refusedRequest(protocol, refused.refusal.code);
      if (refused.refusal.code === 'internal') log.error({ err: error }, 'gRPC call failed');
      await parts.intake.pace(tenant ?? '', call.request.length);
      answer(rpcStatusOf(refused.refusal, refused.retryAfterSeconds));
    }
  };
  server.addService({ method }, { method: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => void handle(call, answer) });
}

function refusedCall(error: unknown): RefusedCall {
  const refusal = isSpoorError(error) ? error : new SpoorError('internal', { reason: reasonOf(error) }, { cause: error });
  return new RefusedCall(refusal, refusal.retryable ? retryAfterSeconds : null);
}
