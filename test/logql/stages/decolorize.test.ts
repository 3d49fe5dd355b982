import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pipeline, run } from './run.ts';

describe('decolorize evaluates', () => {
  it.each([
    ['\u001b[34mWARN\u001b[0m \u001b[1;4mstep 65\u001b[0m took \u001b[38;5;208m69ms\u001b[0m', 'WARN step 65 took 69ms'],
    ['plain', 'plain'],
    ['\u001b[31m', ''],
    ['\u001b]0;title\u0007x', 'x'],
    ['\u009b1mx', 'x'],
    ['', ''],
  ])('%j', (line, plain) => {
    expect(run('| decolorize', line)).toEqual({ labels: {}, line: plain });
  });
});

describe('decolorize tells errors', () => {
  it('sets none', () => {
    expect(run('| decolorize', '\u001b')).toEqual({ labels: {}, line: '\u001b' });
  });
});

describe('decolorize at the edges', () => {
  it('gives the new line to later stages', () => {
    expect(run('| decolorize | logfmt', '\u001b[1ma\u001b[0m=\u001b[2mb')).toEqual({ labels: { a: 'b' }, line: 'a=b' });
    expect(run('| decolorize | decolorize', '\u001b\u001b[1m[1mx').line).toBe('x');
  });

  it('takes any bytes and leaves those outside of sequences', () => {
    const pipeline = new Pipeline('| decolorize');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (line) => {
        expect(pipeline.process(line)).toBe(true);
        if (!line.includes(0x1b) && !line.includes(0x9b)) expect(pipeline.line()).toBe(Buffer.from(line).toString());
      }),
    );
  });
});
