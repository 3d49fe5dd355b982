import { expect, it } from 'vitest';
import { exportResponse, exportResponseJson, rpcStatus } from '../../../src/protocols/mod.ts';

const hex = (bytes: Buffer): string => bytes.toString('hex');

it('says nothing of an export that was stored whole', () => {
  expect(exportResponse(null)).toHaveLength(0);
  expect(exportResponseJson(null)).toBe('{}');
});

it('says how many records were refused, and why', () => {
  const partial = { rejectedLogRecords: 300, errorMessage: 'too old' };
  // Lengths are written in five bytes, which readers take.
  expect(hex(exportResponse(partial))).toBe(`0a8c8080800008ac021207${Buffer.from('too old').toString('hex')}`);
  expect(exportResponseJson(partial)).toBe('{"partialSuccess":{"rejectedLogRecords":"300","errorMessage":"too old"}}');
});

it('warns without a number', () => {
  expect(hex(exportResponse({ rejectedLogRecords: 0, errorMessage: 'é' }))).toBe('0a84808080001202c3a9');
});

it('writes a Status, with the time to wait', () => {
  expect(hex(rpcStatus(3, 'no'))).toBe('080312026e6f');
  const type = Buffer.from('type.googleapis.com/google.rpc.RetryInfo').toString('hex');
  expect(hex(rpcStatus(8, 'x', 2))).toBe(`08081201781ab8808080000a28${type}1288808080000a82808080000802`);
});
