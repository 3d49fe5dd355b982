import type { Environment } from '../config/environment.ts';

/** An environment in which every variable is set: those that are not stand for `x`. */
export function withoutUnset(environment: Environment): Environment {
  return new Proxy(environment, { get: (target, name) => (typeof name === 'string' ? (target[name] ?? 'x') : undefined) });
}
