import { crc32c } from '../../src/bytes/mod.ts';
import { SpoorError } from '../../src/model/mod.ts';
import { z } from 'zod';
import type { PodDecision } from '../enrich/pod-labels.ts';
import type { KnownFile } from '../tail/chain.ts';

/** Version of the format that is written; docs/formats/agent-checkpoint.md. */
export const checkpointVersion = 1;
/** Largest checkpoint that is read: some 400,000 files. */
export const checkpointBytesMax = 128 * 2 ** 20;

/** What the agent knows across restarts. */
export interface CheckpointContent {
  /** Chain name → its files, oldest first. */
  readonly files: ReadonlyMap<string, readonly KnownFile[]>;
  /** Pod UID → its labels. */
  readonly pods: ReadonlyMap<string, PodDecision>;
}

const magic = 'spoor agent checkpoint';
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const fileRow = z.strictObject({
  chain: z.string(), path: z.string(), device: z.string().regex(/^\d+$/), inode: z.string().regex(/^\d+$/), gzip: z.boolean(),
  fingerprint: z.strictObject({ bytes: count, hash: z.string() }), size: count, offsets: z.tuple([count, count, count]),
  format: z.enum(['cri', 'docker', 'raw']).nullable(), lastTime: z.tuple([z.number().int(), count]).nullable(),
});
// z.record leaves out a key named __proto__.
const texts = z.custom<Readonly<Record<string, string>>>((value) => typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((text) => typeof text === 'string'));
const podRow = z.strictObject({
  uid: z.string(), labels: texts, from: z.enum(['api', 'path']),
  metadata: texts.optional(), images: texts.optional(), annotations: texts.optional(), values: z.record(z.string(), z.array(z.string())).optional(),
});

/**
 * The bytes of a checkpoint: a line with version, checksum and number of rows, then one JSON row per line. `fileRows` and `podRows` are rows as fileLine and
 * podLine make them, so that what did not change need not be written out again.
 */
export function encodeCheckpoint(fileRows: readonly string[], podRows: readonly string[]): Buffer {
  const body = Buffer.from([...podRows, ...fileRows].map((row) => `${row}\n`).join(''));
  const header = JSON.stringify({ magic, version: checkpointVersion, crc32c: crc32c(body), pods: podRows.length, files: fileRows.length });
  return Buffer.concat([Buffer.from(`${header}\n`), body]);
}

/** The row of a file. */
export function fileLine(chain: string, file: KnownFile): string {
  const { path, device, inode, gzip, fingerprint, size, position } = file;
  const { offsets, format, lastTime } = position;
  return JSON.stringify({
    chain, path, device: String(device), inode: String(inode), gzip, fingerprint, size, offsets, format,
    lastTime: lastTime === null ? null : [lastTime.seconds, lastTime.nanos],
  });
}

/** The row of a pod. */
export function podLine(uid: string, decision: PodDecision): string {
  const { labels, from, metadata, images, annotations, values } = decision;
  return JSON.stringify({ uid, labels, from, metadata, images, annotations, values });
}

/**
 * Reads a checkpoint. Throws `agent_checkpoint_damaged` where it is none, is cut or was changed, and `format_version` where a newer spoor wrote it.
 */
export function decodeCheckpoint(bytes: Buffer, where: string): CheckpointContent {
  const damage = (reason: string): SpoorError => new SpoorError('agent_checkpoint_damaged', { path: where, reason });
  const lineEnd = bytes.indexOf(0x0a);
  const header = parseJson(bytes.subarray(0, Math.max(0, lineEnd)), () => damage('its first line is no JSON object'));
  const envelope = z.object({ magic: z.literal(magic), version: count }).safeParse(header);
  if (!envelope.success) throw damage('its first line is no header of a spoor agent checkpoint');
  if (envelope.data.version !== checkpointVersion) throw new SpoorError('format_version', { where, version: envelope.data.version, known: checkpointVersion });
  const rest = z.object({ crc32c: count, pods: count, files: count }).safeParse(header);
  if (!rest.success) throw damage('its first line lacks the checksum or the number of rows');
  const body = bytes.subarray(lineEnd + 1);
  if (crc32c(body) !== rest.data.crc32c) throw damage('the checksum does not match');
  const rows = body.length === 0 ? [] : body.toString('utf8').trimEnd().split('\n');
  if (rows.length !== rest.data.pods + rest.data.files) throw damage(`${rows.length} rows, ${rest.data.pods + rest.data.files} announced`);
  const pods = new Map<string, PodDecision>();
  const files = new Map<string, KnownFile[]>();
  for (const [i, row] of rows.entries()) {
    const value = parseJson(Buffer.from(row), () => damage(`row ${i + 1} is no JSON object`));
    if (i < rest.data.pods) {
      const pod = podRow.safeParse(value);
      if (!pod.success) throw damage(`row ${i + 1}: ${pod.error.issues[0]?.message ?? 'not a pod'}`);
      const { uid, ...decision } = pod.data;
      pods.set(uid, decision);
    } else {
      const file = fileRow.safeParse(value);
      if (!file.success) throw damage(`row ${i + 1}: ${file.error.issues[0]?.message ?? 'not a file'}`);
      const { chain, path, device, inode, gzip, fingerprint, size, offsets, format, lastTime } = file.data;
      const known: KnownFile = {
        path, device: BigInt(device), inode: BigInt(inode), gzip, fingerprint, size,
        position: { offsets, format, lastTime: lastTime === null ? null : { seconds: lastTime[0], nanos: lastTime[1] } },
      };
      const chainFiles = files.get(chain);
      if (chainFiles === undefined) files.set(chain, [known]);
      else chainFiles.push(known);
    }
  }
  return { files, pods };
}

function parseJson(bytes: Buffer, damage: () => SpoorError): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw damage();
  }
}
