import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: ((options: { readonly type: 'minor' }) => void) | undefined;

/**
 * Gives back what the native codecs allocated for buffers that nobody holds any more. V8 does not count that memory, so it would let
 * it pile up: lz4-napi keeps a block of the raw length for each compressed page. A collection of young objects takes about a millisecond; the
 * blocks themselves are let go when the thread next returns to its event loop.
 */
export function releaseNativeMemory(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as NonNullable<typeof collect>;
  }
  collect({ type: 'minor' });
}
