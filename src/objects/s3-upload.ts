import type * as Sdk from '@aws-sdk/client-s3';
import type { RequestCounter } from './counts.ts';
import { nameOf, type S3Requests } from './s3-requests.ts';

/** What an upload in parts needs of its store. */
export interface UploadContext {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.S3Client;
  readonly requests: S3Requests;
  readonly counter: RequestCounter;
  readonly partBytes: number;
  readonly concurrency: number;
}

/** S3 takes no more parts of one object. */
const partsMax = 10_000;

/** Sends an object in parts, several at a time. The object is there whole or not at all; what was sent of a failed upload is taken back. */
export async function uploadInParts(context: UploadContext, at: { readonly Bucket: string; readonly Key: string }, key: string, data: Uint8Array): Promise<void> {
  const { sdk, client, requests } = context;
  const created = await requests.run('multipart', key, undefined, async (abortSignal) => client.send(new sdk.CreateMultipartUploadCommand(at), { abortSignal }));
  const upload = { ...at, UploadId: created.UploadId };
  try {
    const parts = await sendParts(context, upload, key, data);
    await complete(context, upload, key, data.length, parts);
  } catch (error) {
    await requests.run('multipart', key, undefined, async (abortSignal) => client.send(new sdk.AbortMultipartUploadCommand(upload), { abortSignal })).catch(() => undefined);
    throw error;
  }
}

type Upload = { readonly Bucket: string; readonly Key: string; readonly UploadId: string | undefined };

async function sendParts(context: UploadContext, upload: Upload, key: string, data: Uint8Array): Promise<Sdk.CompletedPart[]> {
  const { sdk, client, requests, counter } = context;
  const bytes = Math.max(context.partBytes, Math.ceil(data.length / partsMax));
  const count = Math.ceil(data.length / bytes);
  const parts: Sdk.CompletedPart[] = [];
  const failed = new AbortController();
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < count && !failed.signal.aborted) {
      const i = next++;
      const body = data.subarray(i * bytes, (i + 1) * bytes);
      const sent = await requests.run('multipart', key, failed.signal, async (abortSignal) => {
        counter.bytesWritten += body.length;
        return client.send(new sdk.UploadPartCommand({ ...upload, PartNumber: i + 1, Body: body }), { abortSignal });
      });
      parts[i] = { PartNumber: i + 1, ETag: sent.ETag };
    }
  };
  const senders = Array.from({ length: Math.min(count, Math.max(1, context.concurrency)) }, async () =>
    sender().catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  await Promise.all(senders).catch(async (error: unknown) => {
    // No part may arrive after the upload was taken back.
    await Promise.allSettled(senders);
    throw error;
  });
  return parts;
}

async function complete(context: UploadContext, upload: Upload, key: string, size: number, parts: Sdk.CompletedPart[]): Promise<void> {
  const { sdk, client, requests } = context;
  await requests.run('multipart', key, undefined, async (abortSignal) => {
    try {
      await client.send(new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }), { abortSignal });
    } catch (error) {
      // An attempt whose answer was lost may have completed it.
      if (nameOf(error) !== 'NoSuchUpload') throw error;
      const head = await client.send(new sdk.HeadObjectCommand({ Bucket: upload.Bucket, Key: upload.Key }), { abortSignal });
      if (head.ContentLength !== size) throw error;
    }
  });
}
