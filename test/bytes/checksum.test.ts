import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c } from '../../src/bytes/mod.ts';

// RFC 3720, B.4, and the check value of the CRC catalogue.
test.each([
  { name: '32 bytes of zeros', bytes: Buffer.alloc(32), crc: 0x8a9136aa },
  { name: '32 bytes of ones', bytes: Buffer.alloc(32, 0xff), crc: 0x62a8ab43 },
  { name: '0 to 31', bytes: Buffer.from(Array.from({ length: 32 }, (_, i) => i)), crc: 0x46dd794e },
  { name: '31 to 0', bytes: Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), crc: 0x113fdb5c },
  { name: '123456789', bytes: Buffer.from('123456789'), crc: 0xe3069283 },
  { name: 'nothing', bytes: Buffer.alloc(0), crc: 0 },
])('$name', ({ bytes, crc }) => expect(crc32c(bytes)).toBe(crc));

test('continues where an earlier one ended, also over views into larger buffers', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
      const whole = crc32c(bytes);
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(whole);
      expect(crc32c(new Uint8Array(Buffer.concat([Buffer.from('xx'), bytes])).subarray(2))).toBe(whole);
    }),
  );
});
