const unitBytes: Readonly<Record<string, number>> = {
  '': 1, b: 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40, pib: 2 ** 50,
  kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, pb: 1e15, k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40, pi: 2 ** 50,
};

/**
 * Reads a size as LogQL does (go-humanize: KB is 1000, KiB is 1024, any case, fractions, optional space, grouping commas);
 * undefined if it is not one.
 */
export function parseSize(text: string): number | undefined {
  const match = /^([\d.,]+)\s*([a-zA-Z]*)$/.exec(text.trim());
  const unit = unitBytes[(match?.[2] ?? '?').toLowerCase()];
  if (match === null || unit === undefined) return undefined;
  const count = (match[1] ?? '').replaceAll(',', '');
  if (!/^(\d+\.?\d*|\.\d+)$/.test(count)) return undefined;
  return Math.trunc(Number(count) * unit);
}

/** Reads a size as Loki's configuration does (flagext.ByteSize: KB and KiB both are 1024, `256KB`, `4MB`, `1GB`, bare bytes). */
export function parseConfigSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?b)?$/i.exec(text.trim());
  if (match === null) return undefined;
  return Math.trunc(Number(match[1]) * 1024 ** ('kmgtp'.indexOf((match[2] ?? '').toLowerCase() || '?') + 1));
}

const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** A size as go-humanize's IBytes writes it: `9 B`, `1.5 KiB`, `38 MiB`. */
export function formatBinarySize(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), binaryUnits.length - 1);
  const value = Math.floor((bytes / 1024 ** power) * 10 + 0.5) / 10;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${binaryUnits[power] ?? 'B'}`;
}
