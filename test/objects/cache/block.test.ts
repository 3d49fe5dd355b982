import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockBytes, blockData, blockHeader, blockHeaderBytes, blockPath, blocksOf, folderPattern, namePattern, objectId } from '../../../src/objects/cache/block.ts';
import { pattern } from '../../contract/objects.ts';

const id = objectId('scope', 'segments/a');
const fileOf = (data: Uint8Array, block = 3, of = id): Buffer => Buffer.concat([blockHeader(of, block, data), data]);

describe('blocks of the cache', () => {
  it('come back as they went in', () => {
    for (const length of [1, 1000, blockBytes]) expect(blockData(fileOf(pattern(length)), id, 3)).toEqual(Buffer.from(pattern(length)));
    expect(blockHeaderBytes + blockBytes).toBe(65_536);
  });

  it('are known to be another object, place or store', () => {
    const file = fileOf(pattern(100));
    expect(blockData(file, id, 4)).toBeNull();
    expect(blockData(file, objectId('scope', 'segments/b'), 3)).toBeNull();
    expect(blockData(file, objectId('other scope', 'segments/a'), 3)).toBeNull();
  });

  it('are refused when any bit is turned, and when anything is missing or too much', () => {
    const file = fileOf(pattern(300));
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(7), (at, bit) => {
        const damaged = Buffer.from(file);
        damaged[at] = damaged[at]! ^ (1 << bit);
        expect(blockData(damaged, id, 3)).toBeNull();
      }),
    );
    for (let length = 0; length < file.length; length++) expect(blockData(file.subarray(0, length), id, 3), String(length)).toBeNull();
    expect(blockData(Buffer.concat([file, Buffer.alloc(1)]), id, 3)).toBeNull();
    expect(blockData(Buffer.alloc(100_000), id, 3)).toBeNull();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => blockData(bytes, id, 3) === null));
  });

  it('have file names that nothing else in the directory has', () => {
    const { folder, name } = blockPath(id, 17);
    expect(folder).toMatch(folderPattern);
    expect(name).toMatch(namePattern);
    expect(name.endsWith('-17')).toBe(true);
    expect(blockPath(objectId('scope', 'segments/b'), 17)).not.toEqual({ folder, name });
  });

  it.each([
    [0, 1, 0, 1], [0, blockBytes, 0, 1], [0, blockBytes + 1, 0, 2], [blockBytes - 1, 2, 0, 2], [blockBytes, 1, 1, 2], [5 * blockBytes + 7, blockBytes, 5, 7],
  ])('bytes from %i, %i of them, lie in blocks %i to %i', (offset, length, from, to) => {
    expect(blocksOf(offset, length)).toEqual({ from, to });
  });

  it('of version 1 can be read', () => {
    const golden = readFileSync(new URL('../../compat/cache-block/v1.block', import.meta.url));
    expect(blockData(golden, objectId('2c1c5b9e-0c9d-4f6e-9a54-2f9f0f0f6f10', 'segments/00000/00000000000000000001-1-0'), 2)).toEqual(Buffer.from('the bytes of a block\n'));
    expect(golden).toEqual(fileOf(Buffer.from('the bytes of a block\n'), 2, objectId('2c1c5b9e-0c9d-4f6e-9a54-2f9f0f0f6f10', 'segments/00000/00000000000000000001-1-0')));
  });
});
