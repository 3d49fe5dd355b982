import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fileHeaderBytes, frameBytes, FrameReader } from '../../src/journal/frame.ts';
import { packGroup } from '../../src/journal/group.ts';
import { ForgetfulDisk, randomFrom } from './forgetful-files.ts';

const outgoing = fc.record({ id: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), size: fc.oneof(fc.nat({ max: 40 }), fc.integer({ min: 16_380, max: 16_390 })) });

test('frames of a group are read back as they were handed in, small and large', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(outgoing, { minLength: 1, maxLength: 6 }), fc.nat({ max: 2 ** 32 - 1 }), async (records, salt) => {
      const group = records.map(({ id, size }, i) => ({ id, idBytes: Buffer.byteLength(id), data: new Uint8Array(size).fill(i + 1) }));
      const parts = packGroup(group, { next: 7, length: fileHeaderBytes, salt }, 12_345);
      const limit = fileHeaderBytes + group.reduce((sum, { idBytes, data }) => sum + frameBytes(idBytes, data.length), 0);
      // Large records are not copied.
      for (const { data } of group) expect(parts.includes(data)).toBe(data.length > 16_384);
      const fs = new ForgetfulDisk(randomFrom(1)).mount();
      await fs.makeDirectory('/g');
      const file = await fs.open('/g/file', 'create');
      await file.write(parts, fileHeaderBytes);
      expect(await file.size()).toBe(limit);
      const reader = new FrameReader(file, { salt, offset: fileHeaderBytes, limit, position: 7, dataBytesMax: 20_000 });
      for (const [i, { id, data }] of group.entries()) {
        const frame = await reader.next();
        expect(frame).toMatchObject({ position: 7 + i, timeMs: 12_345, id });
        expect(frame!.data.equals(data)).toBe(true);
        expect(frame!.data.byteOffset % 8).toBe(0);
      }
      expect(await reader.next()).toBeUndefined();
      expect([reader.bad, reader.offset]).toEqual([undefined, limit]);
    }),
  );
});
