import { z } from 'zod';
import { parseConfigSize, parseDuration } from '../../src/model/mod.ts';

/** `500ms`, `10s`, `1m30s`: milliseconds as a number. */
export function durationMs(minMs: number, fallback: string) {
  return z.union([z.string(), z.number()]).default(fallback).transform((value, context) => {
    const ns = parseDuration(String(value));
    const ms = ns === undefined ? Number.NaN : Number(ns) / 1e6;
    if (ms >= minMs && ms <= 86_400_000) return ms;
    context.addIssue({ code: 'custom', message: `${JSON.stringify(value)} is no duration from ${minMs}ms to 24h (write 500ms, 10s, 1m30s)` });
    return z.NEVER;
  });
}

/** `256KB`, `8MB`: bytes. */
export function size(min: number, max: number, fallback: string) {
  return z.union([z.string(), z.number()]).default(fallback).transform((value, context) => {
    const bytes = parseConfigSize(String(value)) ?? Number.NaN;
    if (bytes >= min && bytes <= max) return bytes;
    context.addIssue({ code: 'custom', message: `${JSON.stringify(value)} is no size from ${min} to ${max} bytes (write 256KB, 8MB)` });
    return z.NEVER;
  });
}

/** A fraction from 0 to 1. */
export const fraction = z.number('a fraction from 0 to 1 is needed').min(0, 'a fraction from 0 to 1 is needed').max(1, 'a fraction from 0 to 1 is needed');
