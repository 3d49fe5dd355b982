import { expect, test } from 'vitest';
import { runTailLoad } from './tail-load.ts';

// The long version, 50,000 lines a second for a minute, is run by hand (tail-load.ts).
test('a fast and a slow client get every line or hear that it was left out', async () => {
  const { pushed, fast, slow } = await runTailLoad({ linesPerSecond: 5000, seconds: 5, lineBytes: 1500, slowBytesPerSecond: 200_000 });
  expect(pushed).toBeGreaterThan(1000);
  expect({ ...fast, together: fast.lines + fast.announced }).toMatchObject({ repeated: 0, together: pushed });
  expect({ ...slow, together: slow.lines + slow.announced }).toMatchObject({ repeated: 0, together: pushed });
  expect(slow.lines).toBeGreaterThan(0);
  expect(slow.announced).toBeGreaterThan(0);
}, 120_000);
