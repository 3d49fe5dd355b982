import { constants, zstdDecompress, type ZstdOptions } from 'node:zlib';

/** Greatest window of a frame, as a power of two: what RFC 8878 wants every decoder to have. Its memory is taken by a frame's header alone. */
const windowLogMax = 23;
/** Frames of one body. */
const framesMax = 4096;

/**
 * Decompresses zstd frames that follow one another (RFC 8878, 3.1), skippable ones among them. node:zlib ends after the first and says nothing of the rest.
 * Rejects with a RangeError where more than `bytesMax` come out, and with another Error where the body is damaged.
 */
export async function decompressZstd(body: Buffer, bytesMax: number): Promise<Buffer> {
  const frames: Buffer[] = [];
  let length = 0;
  let at = 0;
  do {
    if (frames.length >= framesMax) throw new Error(`more than ${framesMax} frames`);
    const { raw, read } = await decompressFrame(body.subarray(at), bytesMax - length);
    if (read <= 0) throw new Error('a frame ends nowhere');
    frames.push(raw);
    length += raw.length;
    at += read;
  } while (at < body.length);
  return frames.length === 1 ? frames[0]! : Buffer.concat(frames, length);
}

/** One frame from the start of `body`, and how much of that it was. */
function decompressFrame(body: Buffer, bytesMax: number): Promise<{ readonly raw: Buffer; readonly read: number }> {
  const options: ZstdOptions = {
    info: true,
    // None is less than one byte.
    maxOutputLength: Math.max(1, bytesMax),
    chunkSize: Math.max(1024, Math.min(bytesMax, 2 ** 20)),
    params: { [constants.ZSTD_d_windowLogMax]: windowLogMax },
  };
  return new Promise((resolve, reject) => {
    zstdDecompress(body, options, (error, result: unknown) => {
      if (error !== null) reject(error);
      else {
        const { buffer, engine } = result as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
        if (buffer.length > bytesMax) reject(new RangeError('too long'));
        else resolve({ raw: buffer, read: engine.bytesWritten });
      }
    });
  });
}
