import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { gzipSync } from 'node:zlib';
import type * as Sdk from '@aws-sdk/client-s3';
import { reasonOf } from '../../../src/model/mod.ts';
import type { Batch, StreamLabels } from '../../buffer/batch.ts';
import { JsonRows } from '../json-row.ts';
import type { Outcome, RequestCounts, Sender } from '../outcome.ts';
import { archiveBytes } from './lines.ts';

export interface S3ArchiveOptions {
  readonly bucket: string;
  /** Folder in the bucket, without slashes at its ends. */
  readonly prefix: string;
  /** Labels whose values are folders. */
  readonly labels: readonly string[];
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly forcePathStyle?: boolean | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKeyFile?: string | undefined;
  readonly timeoutMs: number;
}

interface ObjectRows {
  readonly folder: string;
  readonly rows: number[];
}

/**
 * Writes lines to a bucket: one object of gzip JSON lines for each hour and each set of the chosen labels, `<prefix>/<tenant>/<label>=<value>/…/2026/11/22/21/<first time>-<hash>.ndjson.gz`. The
 * name follows from the content, so that a batch that is sent again writes the same object again.
 */
export class S3Archive implements Sender {
  readonly where: string;
  readonly #options: S3ArchiveOptions;
  readonly #counts: RequestCounts;
  readonly #json = new JsonRows();
  readonly #folders = new WeakMap<StreamLabels, string>();
  #client: Promise<{ readonly sdk: typeof Sdk; readonly client: Sdk.S3Client }> | null = null;

  constructor(options: S3ArchiveOptions, counts: RequestCounts) {
    this.#options = options;
    this.#counts = counts;
    this.where = `s3://${options.bucket}${options.prefix === '' ? '' : `/${options.prefix}`}`;
  }

  async send(batch: Batch, rows: Uint32Array, tenant: string | undefined, signal: AbortSignal): Promise<Outcome> {
    try {
      const { sdk, client } = await (this.#client ??= this.#connect());
      for (const { folder, rows: ofObject } of this.#objects(batch, rows, tenant)) {
        const content = archiveBytes(this.#json, 'json', batch, Uint32Array.from(ofObject));
        const body = gzipSync(content);
        const first = ofObject[0] as number;
        const ms = (batch.seconds[first] as number) * 1000 + Math.floor((batch.nanos[first] as number) / 1e6);
        const key = `${folder}/${ms}-${createHash('sha256').update(content).digest('hex').slice(0, 24)}.ndjson.gz`;
        const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(this.#options.timeoutMs)]);
        await client.send(new sdk.PutObjectCommand({ Bucket: this.#options.bucket, Key: key, Body: body, ContentType: 'application/x-ndjson', ContentEncoding: 'gzip' }), { abortSignal });
        this.#counts.requests++;
        this.#counts.requestBytes += body.length;
      }
      return { kind: 'delivered' };
    } catch (error) {
      if (this.#client !== null) await this.#client.catch(() => (this.#client = null));
      const status = (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
      const loud = status >= 300 && status < 500 && status !== 408 && status !== 429;
      return { kind: 'retry', loud, reason: `${status === 0 ? '' : `${status} `}${error instanceof Error ? `${error.name}: ` : ''}${reasonOf(error)}`, retryAfterMs: 0 };
    }
  }

  async close(): Promise<void> {
    const connected = await this.#client?.catch(() => null);
    connected?.client.destroy();
  }

  /** Rows by the object that they belong to, in order of appearance. */
  #objects(batch: Batch, rows: Uint32Array, tenant: string | undefined): Iterable<ObjectRows> {
    const objects = new Map<string, ObjectRows>();
    for (const row of rows) {
      const stream = batch.streams[batch.stream[row] as number] as StreamLabels;
      const folder = `${this.#folderOf(stream, tenant)}/${hourFolder(batch.seconds[row] as number)}`;
      const known = objects.get(folder);
      if (known === undefined) objects.set(folder, { folder, rows: [row] });
      else known.rows.push(row);
    }
    return objects.values();
  }

  #folderOf(stream: StreamLabels, tenant: string | undefined): string {
    let folder = this.#folders.get(stream);
    if (folder === undefined) {
      const { prefix, labels } = this.#options;
      const parts = labels.map((name) => `${name}=${pathPart(stream.labels.find((label) => label.name === name)?.value ?? '')}`);
      folder = [...(prefix === '' ? [] : [prefix]), ...(tenant === undefined ? [] : [pathPart(tenant)]), ...parts].join('/');
      if (folder === '') folder = 'logs';
      this.#folders.set(stream, folder);
    }
    return folder;
  }

  /** Loads the SDK, which costs memory that an agent without this destination must not pay. */
  async #connect(): Promise<{ readonly sdk: typeof Sdk; readonly client: Sdk.S3Client }> {
    const sdk = await import('@aws-sdk/client-s3');
    const { endpoint, region, forcePathStyle, accessKeyId, secretAccessKeyFile } = this.#options;
    const found = region ?? (endpoint === undefined ? undefined : 'us-east-1');
    const keep = { keepAlive: true, maxSockets: 8 };
    const client = new sdk.S3Client({
      ...(found === undefined ? {} : { region: found }),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(accessKeyId === undefined || secretAccessKeyFile === undefined ? {} : { credentials: { accessKeyId, secretAccessKey: readFileSync(secretAccessKeyFile, 'utf8').trim() } }),
      forcePathStyle: forcePathStyle ?? endpoint !== undefined,
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      expectContinueHeader: false,
      requestHandler: { httpAgent: new HttpAgent(keep), httpsAgent: new HttpsAgent(keep) },
    });
    return { sdk, client };
  }
}

/** `2026/11/22/21`. */
function hourFolder(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? '1970/01/01/00' : date.toISOString().slice(0, 13).replaceAll(/[-T]/g, '/');
}

/** A value as part of a key: what S3 calls safe characters stay, the others become `%` and their bytes. */
function pathPart(value: string): string {
  return encodeURIComponent(value).replaceAll('%', '_') || '_';
}
