import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { SpoorError } from '../../model/mod.ts';
import { retryAfterSeconds } from '../answer.ts';
import { rpcStatusOf } from './status.ts';

/** Bounds the memory of messages on their way, which grpc-js gathers itself: so many calls may wait for their message, each for so long. */
export class ArrivingCalls {
  readonly #callsMax: number;
  readonly #timeoutMs: number;
  #calls = 0;

  constructor(callsMax: number, timeoutMs: number) {
    this.#callsMax = callsMax;
    this.#timeoutMs = timeoutMs;
  }

  /** Calls that are not all there yet. */
  get calls(): number {
    return this.#calls;
  }

  readonly interceptor: ServerInterceptor = (_method, call) => {
    if (this.#calls >= this.#callsMax) {
      const error = new SpoorError('calls_arriving', { limit: this.#callsMax });
      return new ServerInterceptingCall(call, { start: () => call.sendStatus(rpcStatusOf(error, retryAfterSeconds)) });
    }
    this.#calls++;
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      this.#calls--;
    };
    const timer = setTimeout(() => {
      over();
      call.sendStatus(rpcStatusOf(new SpoorError('bad_request', { reason: `the message did not arrive within ${this.#timeoutMs / 1000} s (server.read_timeout)` }), null));
    }, this.#timeoutMs);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, nextStep) => nextStep(metadata),
          onReceiveMessage: (message, nextStep) => nextStep(message),
          // Only then is the call handled.
          onReceiveHalfClose: (nextStep) => {
            over();
            nextStep();
          },
          onCancel: over,
        }),
      sendStatus: (status, next) => {
        over();
        next(status);
      },
    });
  };
}
