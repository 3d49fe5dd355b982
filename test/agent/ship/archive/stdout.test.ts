import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { allRows } from '../../../../agent/buffer/destination-queue.ts';
import { StdoutSender } from '../../../../agent/ship/archive/stdout.ts';
import { batchOf } from '../../buffer/batches.ts';

it('writes lines as JSON to a stream, and says where that does not take them', async () => {
  const output = new PassThrough();
  const counts = { requests: 0, requestBytes: 0 };
  const sender = new StdoutSender(output, counts);
  expect(await sender.send(batchOf(['a', 'b']), allRows(2))).toEqual({ kind: 'delivered' });
  const text = (output.read() as Buffer).toString();
  expect(text.trimEnd().split('\n').map((line) => (JSON.parse(line) as { line: string }).line)).toEqual(['a', 'b']);
  expect(counts).toEqual({ requests: 1, requestBytes: text.length });
  output.on('error', () => undefined);
  output.destroy();
  expect(await sender.send(batchOf(['c']), allRows(1))).toMatchObject({ kind: 'retry', loud: true });
});
