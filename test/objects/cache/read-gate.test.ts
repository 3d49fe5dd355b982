import { describe, expect, it } from 'vitest';
import { ReadGate } from '../../../src/objects/cache/read-gate.ts';

const never = new AbortController().signal;

/** Reads that end when they are told to. */
function controlled() {
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    began,
    start: (name: string) => async () => {
      began.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      return name;
    },
    end: async (name: string) => {
      ends.get(name)?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('ReadGate', () => {
  it('lets so many run, the others in order, urgent ones first', async () => {
    const gate = new ReadGate(2);
    const reads = controlled();
    const ahead = { isUrgent: false };
    const runs = [
      gate.run({ isUrgent: true }, never, reads.start('a')),
      gate.run({ isUrgent: false }, never, reads.start('b')),
      gate.run({ isUrgent: false }, never, reads.start('c')),
      gate.run(ahead, never, reads.start('d')),
      gate.run({ isUrgent: true }, never, reads.start('e')),
    ];
    expect(reads.began).toEqual(['a', 'b']);
    expect([gate.running, gate.waiting]).toEqual([2, 3]);
    await reads.end('a');
    expect(reads.began).toEqual(['a', 'b', 'e']);
    // Somebody came who waits for it.
    ahead.isUrgent = true;
    await reads.end('b');
    expect(reads.began).toEqual(['a', 'b', 'e', 'd']);
    await reads.end('e');
    await reads.end('d');
    await reads.end('c');
    expect(await Promise.all(runs)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect([gate.running, gate.waiting]).toEqual([0, 0]);
  });

  it('lets one go that waits when its signal aborts, and goes on after failures', async () => {
    const gate = new ReadGate(1);
    const reads = controlled();
    const first = gate.run({ isUrgent: true }, never, reads.start('first'));
    const controller = new AbortController();
    const left = gate.run({ isUrgent: true }, controller.signal, reads.start('left'));
    const failing = gate.run({ isUrgent: true }, never, async () => Promise.reject(new Error('no')));
    const last = gate.run({ isUrgent: true }, never, async () => 'last');
    controller.abort(new Error('enough'));
    const ends = [expect(left).rejects.toThrow('enough'), expect(failing).rejects.toThrow('no')];
    await reads.end('first');
    expect(await first).toBe('first');
    await Promise.all(ends);
    expect(await last).toBe('last');
    expect(reads.began).toEqual(['first']);
    await expect(gate.run({ isUrgent: true }, controller.signal, reads.start('late'))).rejects.toThrow('enough');
    expect([gate.running, gate.waiting]).toEqual([0, 0]);
  });
});
