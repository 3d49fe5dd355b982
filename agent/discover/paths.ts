/** A pod as the name of its log directory says it: `<namespace>_<pod>_<uid>`. */
export interface PodPath {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
}

/** Reads the name of a pod's log directory; undefined where it is none. Neither namespaces, nor pod names, nor UIDs hold an underscore. */
export function parsePodDirectory(name: string): PodPath | undefined {
  const parts = name.split('_');
  const [namespace = '', pod = '', uid = ''] = parts;
  return parts.length === 3 && namespace !== '' && pod !== '' && uid !== '' ? { namespace, pod, uid } : undefined;
}

/** A file of a container's log directory. `0.log` is the live file of restart 0; `0.log.20260102-030405` and `0.log.20260102-030405.gz` are rotated away from it. */
export interface LogFileName {
  /** How often the container was restarted before. */
  readonly restart: number;
  /** What follows `<n>.log.`, without `.gz`; empty for the live file. */
  readonly rotation: string;
  readonly gzip: boolean;
}

/** Reads the name of a log file; undefined for any other file (among them `.tmp`, which the kubelet is still compressing). */
export function parseLogFileName(name: string): LogFileName | undefined {
  const match = /^(\d{1,9})\.log(?:\.(\d{8}-\d{6}|\d{1,6}))?(\.gz)?$/.exec(name);
  if (match === null || (match[2] === undefined && match[3] !== undefined)) return undefined;
  return { restart: Number(match[1]), rotation: match[2] ?? '', gzip: match[3] !== undefined };
}

/**
 * Orders the rotations of one file from the oldest to the live one: the kubelet's times rise; Docker's and logrotate's numbers fall; the live file is last.
 */
export function compareRotations(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '' || b === '') return a === '' ? 1 : -1;
  const aNumbered = /^\d{1,6}$/.test(a);
  const bNumbered = /^\d{1,6}$/.test(b);
  if (aNumbered && bNumbered) return Number(b) - Number(a);
  if (aNumbered !== bNumbered) return aNumbered ? 1 : -1;
  return a < b ? -1 : 1;
}

/** Whether the name of a rotation belongs to one content for ever (a time), or wanders from file to file (a number). */
export function isRotationNameUnique(rotation: string): boolean {
  return rotation.includes('-');
}
