const kept: object[] = [];

/**
 * Keeps one object of a class that comes and goes. V8 forgets the layout of objects of which none is alive when it collects the whole heap, and throws away all
 * optimised code that knew it; compiling that code again for every flush was a quarter of the CPU of ingest (docs/adr/007-node-flags.md).
 */
export function keepShape(example: object): void {
  kept.push(example);
}
