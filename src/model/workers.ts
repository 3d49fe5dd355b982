/**
 * URL of a worker module beside the caller: `.ts` in a checkout, `.js` in the published package.
 * @param base `import.meta.url` of the caller
 */
export function workerUrl(base: string, name: string): URL {
  return new URL(`${name}${base.endsWith('.ts') ? '.ts' : '.js'}`, base);
}
