import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { SpoorError } from '../../model/mod.ts';
import { retryAfterSeconds } from '../answer.ts';
import { rpcStatusOf } from './status.ts';

export interface ArrivingLimits {
  /** Calls that may be arriving at all. */
  readonly callsMax: number;
  /** Calls that may be arriving for longer than `slowMs`: how many messages of full length fit the memory. */
  readonly slowMax: number;
  readonly slowMs: number;
  /** Time in which a call must have arrived. */
  readonly timeoutMs: number;
}

/**
 * Bounds the memory of messages on their way, which grpc-js gathers itself and does not tell the length of. Most calls are small and there at once, so that many may arrive at the same
 * time; few may take long, and none for ever.
 */
export class ArrivingCalls {
  readonly #limits: ArrivingLimits;
  #calls = 0;
  #slow = 0;

  constructor(limits: ArrivingLimits) {
    this.#limits = limits;
  }

  readonly interceptor: ServerInterceptor = (_method, call) => {
    const { callsMax, slowMax, slowMs, timeoutMs } = this.#limits;
    const end = (error: SpoorError): void => call.sendStatus(rpcStatusOf(error, error.retryable ? retryAfterSeconds : null));
    if (this.#calls >= callsMax) return new ServerInterceptingCall(call, { start: () => end(new SpoorError('calls_arriving', { limit: callsMax })) });
    this.#calls++;
    let isOver = false;
    let isSlow = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      this.#calls--;
      if (isSlow) this.#slow--;
    };
    const late = (): void => {
      over();
      end(new SpoorError('bad_request', { reason: `the message did not arrive within ${timeoutMs / 1000} s (server.read_timeout)` }));
    };
    const slow = (): void => {
      if (this.#slow >= slowMax) {
        over();
        end(new SpoorError('calls_arriving', { limit: slowMax }));
        return;
      }
      isSlow = true;
      this.#slow++;
      timer = setTimeout(late, timeoutMs - slowMs);
    };
    let timer = setTimeout(timeoutMs > slowMs ? slow : late, Math.min(slowMs, timeoutMs));
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
