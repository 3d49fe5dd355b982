import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { HttpParts } from '../parts.ts';
import { wantsElasticRoot } from './elasticsearch/client.ts';
import { sendRoot } from './elasticsearch/setup.ts';

const mediaTypes: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
]);

const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/** The page at / and its files, read once. */
export async function pageRoutes(app: FastifyInstance, parts: HttpParts): Promise<void> {
  for (const entry of await readdir(parts.pageDirectory, { withFileTypes: true, recursive: true })) {
    const mediaType = mediaTypes.get(path.extname(entry.name));
    if (!entry.isFile() || mediaType === undefined) continue;
    const file = path.join(entry.parentPath, entry.name);
    const bytes = await readFile(file);
    const name = path.relative(parts.pageDirectory, file).split(path.sep).join('/');
    const isRoot = name === 'index.html';
    app.get(isRoot ? '/' : `/ui/${name}`, async (request, reply) => {
      if (isRoot) {
        reply.header('vary', 'accept, user-agent');
        // Clients of Elasticsearch look there for the server.
        if (wantsElasticRoot(request)) return sendRoot(request, reply, parts);
      }
      return reply
        .type(mediaType)
        .header('content-security-policy', contentSecurityPolicy)
        .header('x-content-type-options', 'nosniff')
        .header('cache-control', 'no-cache')
        .send(bytes);
    });
  }
}
