import { randomUUID } from 'node:crypto';
import type * as Sdk from '@aws-sdk/client-s3';
import { SpoorError } from '../model/mod.ts';
import { RequestCounter, type CountedObjectStore, type ObjectCounts } from './counts.ts';
import { checkKey, checkPrefix, keyFault } from './keys.ts';
import { S3Requests, statusOf, type S3RequestOptions } from './s3-requests.ts';
import { uploadInParts } from './s3-upload.ts';

/** What openS3Store is told. Without keys the SDK's default chain finds them (environment, profile, web identity, instance role). */
export interface S3StoreOptions extends S3RequestOptions {
  readonly bucket: string;
  /** Folder in the bucket, without slashes at its ends; none is the bucket itself. */
  readonly prefix?: string | undefined;
  /** Address of an S3-compatible server; none is AWS. */
  readonly endpoint?: string | undefined;
  /** `us-east-1` where an endpoint is given, else what the SDK finds. */
  readonly region?: string | undefined;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`; true where an endpoint is given. */
  readonly forcePathStyle?: boolean | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
  /** Objects of at least this size are sent in parts (16 MiB). */
  readonly multipartBytesMin?: number | undefined;
  /** Size of a part (8 MiB; S3 wants at least 5 MiB). */
  readonly multipartPartBytes?: number | undefined;
  /** Parts of one object under way at the same time (4). */
  readonly multipartConcurrency?: number | undefined;
  /** Connections held open at most (64). */
  readonly connectionsMax?: number | undefined;
}

/** DeleteObjects takes no more. */
const deleteBatch = 1000;
/** Name of the object metadata by which a writer knows his own object again. */
const writerMetadata = 'spoor-writer';

/**
 * Opens an object store over a bucket of S3 or a server that speaks its protocol and has conditional writes (`If-None-Match: *` on PutObject). The
 * bucket must exist. Nothing is asked of the server here, so that a process can start during an outage.
 */
export async function openS3Store(options: S3StoreOptions): Promise<CountedObjectStore> {
  const prefix = options.prefix === undefined || options.prefix === '' ? '' : `${options.prefix}/`;
  checkPrefix(prefix);
  // Only here, so that a process without S3 does not load the SDK.
  const [sdk, { Agent: HttpAgent }, { Agent: HttpsAgent }] = await Promise.all([import('@aws-sdk/client-s3'), import('node:http'), import('node:https')]);
  const agentOptions = { keepAlive: true, maxSockets: options.connectionsMax ?? 64 };
  const { endpoint, accessKeyId, secretAccessKey, sessionToken } = options;
  const region = options.region ?? (endpoint === undefined ? undefined : 'us-east-1');
  const client = new sdk.S3Client({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } }),
    forcePathStyle: options.forcePathStyle ?? endpoint !== undefined,
    // S3Requests retries, so that bodies that break off and waits that are called off are covered too.
    maxAttempts: 1,
    // The signature covers the body's SHA-256; the newer checksum headers are refused by some servers.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    logger: silent,
    requestHandler: { httpAgent: new HttpAgent(agentOptions), httpsAgent: new HttpsAgent(agentOptions), logger: silent },
  });
  return new S3Store(sdk, client, options, prefix);
}

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

class S3Store implements CountedObjectStore {
  readonly #sdk: typeof Sdk;
  readonly #client: Sdk.S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #multipartBytesMin: number;
  readonly #partBytes: number;
  readonly #concurrency: number;
  readonly #counter = new RequestCounter();
  readonly #requests: S3Requests;

  constructor(sdk: typeof Sdk, client: Sdk.S3Client, options: S3StoreOptions, prefix: string) {
    this.#sdk = sdk;
    this.#client = client;
    this.#bucket = options.bucket;
    this.#prefix = prefix;
    this.#multipartBytesMin = options.multipartBytesMin ?? 16 * 2 ** 20;
    this.#partBytes = Math.max(5 * 2 ** 20, options.multipartPartBytes ?? 8 * 2 ** 20);
    this.#concurrency = options.multipartConcurrency ?? 4;
    this.#requests = new S3Requests(options, this.#counter);
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + key };
  }

  async put(key: string, data: Uint8Array): Promise<void> {
    checkKey(key);
    if (data.length >= this.#multipartBytesMin) {
      await uploadInParts(
        { sdk: this.#sdk, client: this.#client, requests: this.#requests, counter: this.#counter, partBytes: this.#partBytes, concurrency: this.#concurrency },
        this.#at(key), key, data,
      );
      return;
    }
    await this.#requests.run('put', key, undefined, async (abortSignal) => {
      this.#counter.bytesWritten += data.length;
      await this.#client.send(new this.#sdk.PutObjectCommand({ ...this.#at(key), Body: data }), { abortSignal });
    });
  }

  async putIfAbsent(key: string, data: Uint8Array): Promise<boolean> {
    checkKey(key);
    const writer = randomUUID();
    const wrote = await this.#requests.run('put_if_absent', key, undefined, async (abortSignal) => {
      this.#counter.bytesWritten += data.length;
      const command = new this.#sdk.PutObjectCommand({ ...this.#at(key), Body: data, IfNoneMatch: '*', Metadata: { [writerMetadata]: writer } });
      try {
        await this.#client.send(command, { abortSignal });
        return true;
      } catch (error) {
        if (statusOf(error) === 412) return false;
        throw error;
      }
    });
    // An attempt whose answer was lost may have written the object that the next attempt ran into.
    return wrote || (await this.#writerOf(key)) === writer;
  }

  async #writerOf(key: string): Promise<string | undefined> {
    return this.#requests.run('head', key, undefined, async (abortSignal) => {
      try {
        const head = await this.#client.send(new this.#sdk.HeadObjectCommand(this.#at(key)), { abortSignal });
        return head.Metadata?.[writerMetadata];
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
  }

  async getRange(key: string, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    checkKey(key);
    signal.throwIfAborted();
    if (length > 0 && (offset >= 0 || length >= -offset)) return this.#get(key, offset < 0 ? `bytes=${offset}` : `bytes=${offset}-${offset + length - 1}`, signal);
    const size = await this.#size(key, signal);
    const start = offset < 0 ? Math.max(0, size + offset) : offset;
    const end = Math.min(size, start + length);
    return end <= start ? new Uint8Array(0) : this.#get(key, `bytes=${start}-${end - 1}`, signal);
  }

  async #size(key: string, signal: AbortSignal): Promise<number> {
    return this.#requests.run('head', key, signal, async (abortSignal) => {
      const head = await this.#client.send(new this.#sdk.HeadObjectCommand(this.#at(key)), { abortSignal });
      return head.ContentLength ?? 0;
    });
  }

  async #get(key: string, range: string, signal: AbortSignal): Promise<Uint8Array> {
    return this.#requests.run('get', key, signal, async (abortSignal) => {
      try {
        const answer = await this.#client.send(new this.#sdk.GetObjectCommand({ ...this.#at(key), Range: range }), { abortSignal });
        if (answer.$metadata.httpStatusCode !== 206 || answer.Body === undefined) throw new Error('the server ignored the Range header');
        const data = await answer.Body.transformToByteArray();
        if (answer.ContentLength !== undefined && data.length !== answer.ContentLength) throw new Error(`${data.length} of ${answer.ContentLength} bytes came`);
        this.#counter.read(data.length);
        return data;
      } catch (error) {
        // A range that begins behind the end.
        if (statusOf(error) === 416) return new Uint8Array(0);
        throw error;
      }
    });
  }

  async *list(prefix: string, after?: string): AsyncGenerator<{ readonly key: string; readonly size: number }> {
    checkPrefix(prefix);
    let token: string | undefined;
    do {
      const page: Sdk.ListObjectsV2CommandOutput = await this.#requests.run('list', prefix, undefined, async (abortSignal) =>
        this.#client.send(
          new this.#sdk.ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: this.#prefix + prefix,
            ...(token === undefined ? {} : { ContinuationToken: token }),
            ...(token !== undefined || after === undefined ? {} : { StartAfter: this.#prefix + after }),
          }),
          { abortSignal },
        ),
      );
      for (const object of page.Contents ?? []) {
        const key = (object.Key ?? '').slice(this.#prefix.length);
        // What others keep in the bucket under names that are none of ours.
        if (keyFault(key) === undefined) yield { key, size: object.Size ?? 0 };
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) checkKey(key);
    for (let i = 0; i < keys.length; i += deleteBatch) {
      const batch = keys.slice(i, i + deleteBatch);
      await this.#requests.run('delete', batch[0] ?? '', undefined, async (abortSignal) => {
        const command = new this.#sdk.DeleteObjectsCommand({
          Bucket: this.#bucket,
          Delete: { Objects: batch.map((key) => ({ Key: this.#prefix + key })), Quiet: true },
        });
        const answer = await this.#client.send(command, { abortSignal });
        const failed = (answer.Errors ?? []).find((error) => error.Code !== 'NoSuchKey');
        if (failed !== undefined) {
          throw new SpoorError('object_store', { operation: 'delete', key: failed.Key ?? '', reason: `${failed.Code ?? 'error'}: ${failed.Message ?? ''}` });
        }
      });
    }
  }

  close(): Promise<void> {
    this.#requests.close();
    this.#client.destroy();
    return Promise.resolve();
  }

  counts(): ObjectCounts {
    return this.#counter.snapshot();
  }
}
