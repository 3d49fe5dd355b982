import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { configurationPage, limitsPage } from '../../tools/settings-docs.ts';

const docs = path.resolve(import.meta.dirname, '../../docs/operate');

it.each([
  ['configuration.md', configurationPage],
  ['limits.md', limitsPage],
])('%s is what tools/settings-docs.ts writes', (name, page) => {
  expect(readFileSync(path.join(docs, name), 'utf8')).toBe(page());
});
