import { afterAll, beforeAll, expect, it } from 'vitest';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess();
});
afterAll(() => server.close());

it('is answered at / with all that it names, under a policy that lets nothing else in', async () => {
  const answer = await server.api.fetch('/');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const policy = answer.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toContain('unsafe');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  const html = await answer.text();
  // The policy would not let these run.
  expect(html).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|https?:\/\/(?!www\.w3\.org)/i);
  const files = [...html.matchAll(/(?:src|href)="(ui\/[^"]+)"/g)].map(([, file]) => file ?? '');
  expect(files.length).toBeGreaterThan(2);
  const types: Readonly<Record<string, string>> = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' };
  const seen = new Set<string>();
  for (const file of files) {
    if (seen.has(file)) continue;
    seen.add(file);
    const part = await server.api.fetch(`/${file}`);
    expect([file, part.status]).toEqual([file, 200]);
    expect(part.headers.get('content-type')).toBe(types[file.split('.').at(-1) ?? '']);
    expect(part.headers.get('content-security-policy')).toBe(policy);
    // Modules name others.
    for (const [, name] of (await part.text()).matchAll(/from '\.\/([^']+)'/g)) files.push(`ui/${name ?? ''}`);
  }
});

it.each(['/ui/', '/ui/nosuch.js', '/ui/../package.json', '/ui/%2e%2e/package.json', '/ui/..%2fpackage.json', '/package.json', '/index.html'])('answers %s with 404', async (path) => {
  const answer = await server.api.fetch(path);
  expect([answer.status, await answer.text()]).toEqual([404, '404 page not found\n']);
});
