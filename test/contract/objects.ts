import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CountedObjectStore } from '../../src/objects/mod.ts';

const never = new AbortController().signal;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytes = (value: string): Uint8Array => Buffer.from(value, 'latin1');

/** Bytes that differ at every offset that matters. */
export function pattern(length: number, seed = 1): Uint8Array {
  const data = new Uint8Array(length);
  for (let i = 0, x = seed; i < length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    data[i] = x >>> 24;
  }
  return data;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Runs `run` for 0 … count - 1, `width` at a time. */
async function inParallel(count: number, width: number, run: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < count) await run(next++);
  }));
}

/** What every ObjectStore must do. `open` gives an empty store; `readsMore`: it reads more than it is asked for, and keeps it. */
export function objectStoreContract(name: string, open: () => Promise<{ store: CountedObjectStore; dispose(): Promise<void> }>, { readsMore = false } = {}): void {
  describe(`object store contract: ${name}`, () => {
    let store: CountedObjectStore;
    let opened: Awaited<ReturnType<typeof open>> | undefined;

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(async () => {
      await opened?.store.close();
      await opened?.dispose();
    });

    test('gives back what was put', async () => {
      const data = pattern(100_000);
      await store.put('round/trip', data);
      expect(Buffer.compare(await store.getRange('round/trip', 0, data.length, never), data)).toBe(0);
      await store.put('round/empty', new Uint8Array(0));
      expect(await store.getRange('round/empty', 0, 10, never)).toHaveLength(0);
      expect(await store.getRange('round/empty', -10, 10, never)).toHaveLength(0);
    });

    test('does not see later changes of the buffer that was put', async () => {
      const data = bytes('before');
      const done = store.put('round/view', data.subarray(0, 3));
      await done;
      data.fill(0);
      expect(text(await store.getRange('round/view', 0, 10, never))).toBe('bef');
    });

    test('put replaces an object', async () => {
      await store.put('replaced', bytes('a long first version'));
      await store.put('replaced', bytes('second'));
      expect(text(await store.getRange('replaced', 0, 100, never))).toBe('second');
    });

    test('big objects', async () => {
      const data = pattern(21 * 2 ** 20 + 12_345);
      await store.put('big', data);
      const read = await store.getRange('big', 0, data.length + 10, never);
      expect(read.length).toBe(data.length);
      expect(Buffer.compare(read, data)).toBe(0);
      expect(Buffer.compare(await store.getRange('big', 8 * 2 ** 20 - 3, 6, never), data.subarray(8 * 2 ** 20 - 3, 8 * 2 ** 20 + 3))).toBe(0);
    });

    test.each([
      [0, 4, '0123'], [3, 4, '3456'], [8, 4, '89'], [10, 4, ''], [500, 4, ''], [0, 0, ''], [5, 0, ''],
      [-4, 4, '6789'], [-4, 2, '67'], [-4, 100, '6789'], [-100, 100, '0123456789'], [-100, 3, '012'], [-1, 1, '9'], [-10, 10, '0123456789'], [-3, 0, ''],
    ])('getRange(%i, %i) of 0123456789 is "%s"', async (offset, length, wanted) => {
      await store.put('digits', bytes('0123456789'));
      expect(text(await store.getRange('digits', offset, length, never))).toBe(wanted);
    });

    test('any range of any object', async () => {
      const data = pattern(3000, 7);
      await store.put('ranges', data);
      const range = fc.tuple(fc.integer({ min: -4000, max: 4000 }), fc.integer({ min: 0, max: 4000 }));
      await fc.assert(
        fc.asyncProperty(range, async ([offset, length]) => {
          const start = offset < 0 ? Math.max(0, data.length + offset) : offset;
          expect(Buffer.compare(await store.getRange('ranges', offset, length, never), data.subarray(start, start + length))).toBe(0);
        }),
        { numRuns: 60 },
      );
    });

    test('an absent object is object_not_found, whatever the range', async () => {
      await store.put('there/object', bytes('x'));
      for (const key of ['absent', 'there/absent', 'there', 'there/object/below', 'not/at/all']) {
        for (const [offset, length] of [[0, 10], [-10, 10], [-10, 2], [0, 0], [0, 5 * 2 ** 20]] as const) {
          await expect(store.getRange(key, offset, length, never)).rejects.toMatchObject({ code: 'object_not_found', details: { key } });
        }
      }
    });

    test('putIfAbsent writes once', async () => {
      expect(await store.putIfAbsent('once/a', bytes('first'))).toBe(true);
      expect(await store.putIfAbsent('once/a', bytes('second'))).toBe(false);
      expect(await store.putIfAbsent('once/a', bytes('first'))).toBe(false);
      expect(text(await store.getRange('once/a', 0, 100, never))).toBe('first');
      await store.put('once/b', bytes('put'));
      expect(await store.putIfAbsent('once/b', bytes('x'))).toBe(false);
      await store.delete(['once/a']);
      expect(await store.putIfAbsent('once/a', bytes('third'))).toBe(true);
    });

    test('of many writers at once exactly one writes', async () => {
      for (let round = 0; round < 5; round++) {
        const won = await Promise.all(Array.from({ length: 16 }, async (_, i) => store.putIfAbsent(`race/${round}`, bytes(`writer ${i}`))));
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(text(await store.getRange(`race/${round}`, 0, 100, never))).toBe(`writer ${won.indexOf(true)}`);
      }
    });

    test('list gives keys in byte order, with sizes', async () => {
      const keys = ['l/a', 'l/a-b', 'l/a.b', 'l/a=b', 'l/a0', 'l/aB', 'l/a_', 'l/ab/c', 'l/ab/c-d', 'l/ab-/c', 'l/ab./c', 'l/ab0/c', 'l/ab_/c', 'l/b/c/d/e', 'l/b/c.d', 'l/Z'];
      for (const key of keys) await store.put(key, bytes(key));
      await store.put('l-', bytes('x'));
      await store.put('l0', bytes('x'));
      const sorted = [...keys].sort();
      expect(await collect(store.list('l/'))).toEqual(sorted.map((key) => ({ key, size: key.length })));
      const keysOf = async (prefix: string, after?: string): Promise<string[]> => (await collect(store.list(prefix, after))).map((object) => object.key);
      for (const prefix of ['l/a', 'l/ab', 'l/ab/', 'l/ab/c', 'l/b/c', 'l/b/c/d/', 'l/nothing', 'nothing/', 'nothing', 'l/Z']) {
        expect([prefix, await keysOf(prefix)]).toEqual([prefix, sorted.filter((key) => key.startsWith(prefix))]);
      }
      for (const after of [...sorted, 'l/', 'l/ab', 'l/ab/', 'l/b/c/', 'l/zzz', 'a', 'z']) {
        expect([after, await keysOf('l/', after)]).toEqual([after, sorted.filter((key) => key > after)]);
      }
      const everything = await keysOf('');
      expect(everything).toEqual([...everything].sort());
      expect(everything).toEqual(expect.arrayContaining(['l-', 'l0', ...keys]));
    });

    test('list and delete more than a page of keys', async () => {
      const keys = Array.from({ length: 1050 }, (_, i) => `many/${String(i % 7)}/${String(i).padStart(5, '0')}`).sort();
      await inParallel(keys.length, 16, async (i) => store.put(keys[i] ?? '', bytes(String(i))));
      expect((await collect(store.list('many/'))).map((object) => object.key)).toEqual(keys);
      expect((await collect(store.list('many/', keys[1000]))).map((object) => object.key)).toEqual(keys.slice(1001));
      for await (const object of store.list('many/')) {
        expect(object.key).toBe(keys[0]);
        break;
      }
      await store.delete([...keys, 'many/absent', 'absent/folder/key']);
      expect(await collect(store.list('many/'))).toEqual([]);
      await store.delete([]);
    });

    test('objects can be written again where all were deleted, also at the same time', async () => {
      await inParallel(60, 12, async (i) => {
        const key = `busy/${i % 3}/deep/${i}`;
        await store.put(key, bytes('x'));
        expect(text(await store.getRange(key, 0, 9, never))).toBe('x');
        await store.delete([key]);
        await expect(store.getRange(key, 0, 9, never)).rejects.toMatchObject({ code: 'object_not_found' });
      });
      expect(await collect(store.list('busy/'))).toEqual([]);
    });

    test('keys that are none are refused', async () => {
      const bad = ['', '/', '/a', 'a/', 'a//b', '.', '..', '../a', 'a/../b', 'a/..', './a', 'a/.', 'a b', 'a\\b', 'a\0', 'ä', '~tmp/a', '~tmp', 'a:b', 'a%2fb', `${'a/'.repeat(256)}a`, 'a'.repeat(256)];
      for (const key of bad) {
        const code = { code: 'bad_object_key' };
        await expect(store.put(key, bytes('x')), key).rejects.toMatchObject(code);
        await expect(store.putIfAbsent(key, bytes('x')), key).rejects.toMatchObject(code);
        await expect(store.getRange(key, 0, 1, never), key).rejects.toMatchObject(code);
        await expect(store.delete([key]), key).rejects.toMatchObject(code);
      }
      for (const prefix of ['../', 'a/../', '/', '~', './', 'a//', 'a/.', '..']) await expect(collect(store.list(prefix)), prefix).rejects.toMatchObject({ code: 'bad_object_key' });
      const longest = `${'a'.repeat(250)}/${'b'.repeat(250)}/0123456789`;
      await store.put(longest, bytes('x'));
      expect(longest).toHaveLength(512);
      expect(text(await store.getRange(longest, 0, 1, never))).toBe('x');
      await store.delete([longest]);
    });

    test('reading ends with the reason of its signal', async () => {
      await store.put('aborted', pattern(2 ** 20));
      const reason = new Error('enough');
      await expect(store.getRange('aborted', 0, 10, AbortSignal.abort(reason))).rejects.toBe(reason);
      const controller = new AbortController();
      const reading = store.getRange('aborted', 0, 2 ** 20, controller.signal);
      controller.abort(reason);
      await expect(reading).rejects.toBe(reason);
      expect(await store.getRange('aborted', 0, 10, never)).toHaveLength(10);
    });

    test('counts requests and bytes', async () => {
      const before = store.counts();
      await store.put('counted/a', pattern(1000));
      await store.putIfAbsent('counted/b', pattern(500));
      await store.getRange('counted/a', 10, 100, never);
      await store.getRange('counted/a', -300, 300, never);
      await store.getRange('counted/absent', 0, 1, never).catch(() => undefined);
      await collect(store.list('counted/'));
      await store.delete(['counted/a']);
      const after = store.counts();
      expect(after.requests.put - before.requests.put).toBe(1);
      expect(after.requests.put_if_absent - before.requests.put_if_absent).toBe(1);
      expect(after.requests.get - before.requests.get).toBe(3);
      expect(after.requests.list - before.requests.list).toBe(1);
      expect(after.requests.delete).toBeGreaterThan(before.requests.delete);
      expect(after.bytesWritten - before.bytesWritten).toBe(1500);
      expect(after.bytesRead - before.bytesRead).toBe(readsMore ? 1300 : 400);
      expect(after.failures).toEqual(before.failures);
    });
  });
}
