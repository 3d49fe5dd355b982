/** A tenant's name as one segment of an object key: everything but letters, digits, `-` and `_` becomes `=` and two hex digits. */
export function keySegment(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9_-]/.test(character) ? character : `=${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
}

/** Prefix of the keys of one flush's segments. The epoch keeps writers apart that flush from the same position. */
export function segmentKeyPrefix(partition: number, first: bigint, epoch: bigint): string {
  return `segments/${partitionName(partition)}/${positionName(first)}-${epoch}-`;
}

/** Key of one flush's index of a tenant and day. */
export function indexKey(tenant: string, day: number, partition: number, first: bigint, epoch: bigint): string {
  return `index/${keySegment(tenant)}/${day}/${partitionName(partition)}-${positionName(first)}-${epoch}`;
}

function partitionName(partition: number): string {
  return String(partition).padStart(5, '0');
}

function positionName(position: bigint): string {
  return String(position).padStart(20, '0');
}
