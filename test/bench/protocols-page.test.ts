import { expect, it } from 'vitest';
import { protocolsText, withProtocols, type ProtocolsResult } from '../../bench/protocols-page.ts';

const result: ProtocolsResult = { date: '2026-11-22', commit: 'abc', rawMB: 41, protocols: [{ name: 'Loki', mbPerCpuSecond: 150.4, decodingMBPerCpuSecond: 529, bodyMB: 14.4, recordMB: 49.6 }] };

it('writes a row for each protocol', () => {
  expect(protocolsText(result)).toMatch(/^## Ways in\n\nWritten by [\s\S]*\n\| Loki \| 150 \| 529 \| 14\.4 \| 49\.6 \|$/v);
});

it('takes its place in the page, once', () => {
  const text = protocolsText(result);
  const newer = { ...result, commit: 'def' };
  for (const page of ['# P\n\nx\n', '# P\n\n## A\n\na\n\n## Many streams\n\nm\n']) {
    const first = withProtocols(page, result);
    expect(first.replace(text, '').replaceAll(/\n+/g, '\n').trim()).toBe(page.replaceAll(/\n+/g, '\n').trim());
    expect(withProtocols(first, newer)).toBe(first.replace('commit abc', 'commit def'));
  }
  expect(withProtocols('## A\n\n## Many streams\n', result)).toBe(`## A\n\n${text}\n\n## Many streams\n`);
});
