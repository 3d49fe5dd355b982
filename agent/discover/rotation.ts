const time = String.raw`\d{8}(?:[-T_]?\d{2,6}Z?)?|\d{4}-\d{2}-\d{2}(?:[-T_]\d{2}(?:[-:_]?\d{2}){0,2}(?:[.,]\d{1,9})?Z?)?`;
const behind = new RegExp(String.raw`^(.+?)[.-](${time}|\d{1,6})(\.gz)?$`);
const inside = new RegExp(String.raw`^(.+?)[.-](${time})(?:[.-](\d{1,6}))?(\.[A-Za-z]{1,10})(\.gz)?$`);
const numberedInside = /^(.+?)[.-](\d{1,6})(\.[A-Za-z]{1,10})(\.gz)?$/;

/** What a file may have been rotated away from. */
export interface RotatedName {
  /** Name of the live file. */
  readonly base: string;
  /** Orders the rotations of one file: see compareRotations. */
  readonly rotation: string;
  readonly gzip: boolean;
}

/**
 * The live files that a name may have been rotated away from, likeliest first: `app.log.1`, `app.log.2.gz`, `app.log-20260102`, `app.log.2026-01-02`, `app-20260102.log`,
 * `app.2026-01-02.0.log.gz`, `app.1.log`, `app.log.gz`. A name says nothing by itself (`worker-1` may be a log of its own): the live file has to be there, or known.
 */
export function rotatedNames(name: string): RotatedName[] {
  const found: RotatedName[] = [];
  const after = behind.exec(name);
  if (after !== null) found.push({ base: after[1] ?? '', rotation: after[2] ?? '', gzip: after[3] !== undefined });
  const within = inside.exec(name);
  if (within !== null) {
    found.push({ base: `${within[1] ?? ''}${within[4] ?? ''}`, rotation: `${within[2] ?? ''}${within[3] === undefined ? '' : `-${within[3].padStart(6, '0')}`}`, gzip: within[5] !== undefined });
  }
  const numbered = numberedInside.exec(name);
  if (numbered !== null) found.push({ base: `${numbered[1] ?? ''}${numbered[3] ?? ''}`, rotation: numbered[2] ?? '', gzip: numbered[4] !== undefined });
  if (name.endsWith('.gz') && name.length > 3) found.push({ base: name.slice(0, -3), rotation: '999999', gzip: true });
  return found;
}
