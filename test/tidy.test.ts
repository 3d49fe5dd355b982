import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { covered } from './tidy/covered.ts';
import { filesOf, folderOf, hasCode, linesWith, reachedFrom, root, withoutComments, type SourceFile } from './tidy/sources.ts';

/** Folders of src/ in the order in which they build on one another: each imports only those before it. */
const order = ['model', 'bytes', 'logql', 'protocols', 'journal', 'objects', 'chunks', 'index', 'distributor', 'ingester', 'querier', 'compactor', 'ruler', 'syslog', 'http', 'server'];
const topFolders = ['src', 'agent', 'cli', 'demo', 'ui', 'test', 'tools', 'bench'];
const linesMax = 500;

const files = new Map(topFolders.flatMap(filesOf).map((file) => [file.path, file]));
const all = Array.from(files.values());
const inFolder = (folder: string): SourceFile[] => all.filter(({ path }) => path.startsWith(`${folder}/`));

/** What other folders a file may import, from the root; undefined where its own folder is all. */
function allowedImport(path: string, imported: string): boolean {
  const [top = '', second = ''] = path.split('/');
  const [importedTop = '', importedSecond = ''] = imported.split('/');
  if (top === 'test' || top === 'tools' || top === 'bench') return true;
  if (top !== 'src') {
    if (importedTop === top) return true;
    if (top === 'agent') return /^src\/(?:model|bytes|protocols|logql\/regex)\/mod\.ts$/.test(imported);
    if (top === 'cli' && second === 'inspect') return /^src\/(?:model|journal|chunks|index)\/mod\.ts$/.test(imported);
    if (path === 'cli/main.ts') return imported === 'src/server/mod.ts' || imported === 'agent/mod.ts';
    if (top === 'demo') return ['cli/main.ts', 'agent/mod.ts', 'src/server/mod.ts', 'src/model/mod.ts'].includes(imported);
    return false;
  }
  if (importedTop !== 'src') return false;
  if (second === importedSecond) return true;
  if ((second === 'chunks' || second === 'index') && importedSecond === 'logql') return false;
  return imported === `src/${importedSecond}/mod.ts` && order.indexOf(importedSecond) < order.indexOf(second);
}

describe('imports', () => {
  test('every folder of src has its place in the order', () => {
    expect(readdirSync(join(root, 'src')).filter((name) => !order.includes(name)), 'add it to DESIGN.md section 10, ARCHITECTURE.md and `order` in test/tidy.test.ts').toEqual([]);
  });

  test('a folder of src imports only folders before it, by their mod.ts; the others as ARCHITECTURE.md says', () => {
    const wrong = all.flatMap(({ path, imports }) => imports.filter((imported) => !allowedImport(path, imported)).map((imported) => `${path} imports ${imported}`));
    expect(wrong).toEqual([]);
  });

  test('imports name files that exist', () => {
    const wrong = all.flatMap(({ path, imports }) => imports.filter((imported) => !existsSync(join(root, imported))).map((imported) => `${path} imports ${imported}`));
    expect(wrong).toEqual([]);
  });

  test('what is run uses only packages that it brings', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly dependencies: Readonly<Record<string, string>> };
    const nameOf = (specifier: string): string => specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
    const wrong = ['src', 'agent', 'cli', 'demo'].flatMap(inFolder).flatMap(({ path, packages }) =>
      packages.filter((name) => !name.startsWith('node:') && !Object.hasOwn(dependencies, nameOf(name))).map((name) => `${path} imports ${name}`),
    );
    expect(wrong, 'a devDependency is not there once spoor is installed; built-in modules begin with node:').toEqual([]);
  });

  test('the page loads nothing from elsewhere and has no script or style in it', () => {
    const page = readFileSync(join(root, 'ui/index.html'), 'utf8');
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|(?:src|href)="(?:https?:)?\/\//);
    for (const { path, code } of inFolder('ui')) expect(code.replaceAll("'http://www.w3.org/2000/svg'", ''), path).not.toMatch(/\binnerHTML\b|\bouterHTML\b|insertAdjacentHTML|\beval\(|['"(]https?:\/\//);
  });
});

test(`files have at most ${linesMax} lines`, () => {
  // The list of files without tests of their own is written by this test.
  expect(all.filter(({ path, text }) => path !== 'test/tidy/covered.ts' && text.trimEnd().split('\n').length > linesMax).map(({ path, text }) => `${path}: ${text.split('\n').length} lines`)).toEqual([]);
});

interface Ban {
  readonly what: string;
  readonly pattern: RegExp;
  readonly instead: string;
  /** Where it is allowed all the same. */
  readonly except: RegExp;
}

const bans: readonly Ban[] = [
  { what: 'process.env', pattern: /\bprocess\.env\b/, instead: 'take it from src/server/config, agent/config or cli/environment.ts', except: /^(?:src\/server\/config|agent\/config|cli\/environment\.ts$|demo\/|test\/|tools\/|bench\/)/ },
  {
    what: 'the time of the machine',
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bprocess\.hrtime\b/,
    instead: 'let the caller hand in a Clock of src/model (in cli: nowNs of cli/environment.ts)',
    except: /^(?:src\/model\/clock\.ts$|cli\/environment\.ts$|ui\/|test\/|tools\/|bench\/)/,
  },
  { what: 'console', pattern: /\bconsole\.\w/, instead: 'use pino in services, process.stdout or process.stderr in commands', except: /^$/ },
  { what: 'process.exit', pattern: /\bprocess\.exit\(/, instead: 'return the exit code, or set process.exitCode', except: /^(?:cli\/main\.ts$|test\/)/ },
  { what: 'mocked modules', pattern: /\bvi\.(?:mock|doMock|hoisted)\(/, instead: 'use the real part, or hand in another implementation of the port', except: /^$/ },
  { what: 'a test that runs alone', pattern: /\b(?:test|it|describe|suite)(?:\.\w+)*\.only\b/, instead: 'take .only away', except: /^$/ },
  {
    what: 'a test that never runs',
    pattern: /\b(?:test|it|describe|suite)\.(?:skip|todo)\b/,
    instead: 'mend it, delete it, or write skipIf with what is missing on the machine',
    // Where neither Docker nor MinIO is there it shows a skipped test that says so; with CI=true it fails instead.
    except: /^test\/support\/minio\.ts$/,
  },
  { what: 'any', pattern: /:\s*any\b|\bas any\b|<any>/, instead: 'say what it is, or unknown', except: /^ui\// },
  { what: 'a rule switched off', pattern: /\b(?:ox|es)lint-disable\b|@ts-(?:ignore|nocheck|expect-error)\b/, instead: 'write it so that the rule is content', except: /^$/ },
  { what: 'work left undone', pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/, instead: 'do it, or say in the issue what is missing', except: /^$/ },
];

describe('what is not written here', () => {
  // These stand in comments.
  const inComments = new Set(['a rule switched off', 'work left undone']);
  test.each(bans)('$what', ({ what, pattern, instead, except }) => {
    const found = all
      .filter(({ path }) => !path.startsWith('test/tidy') && !except.test(path))
      .flatMap(({ path, text, code }) => linesWith(inComments.has(what) ? text : code, pattern).map((line) => `${path}:${line}`));
    expect(found, instead).toEqual([]);
  });
});

describe('tests mirror the tree', () => {
  const tested = ['src', 'agent', 'cli', 'demo'].flatMap(inFolder).filter((file) => hasCode(file));
  const testOf = (path: string): string => `test/${path.replace(/^src\//, '').replace(/\.ts$/, '.test.ts')}`;
  /** Tests that may answer for a file: those of its own top folder, and those of the whole. */
  const mayCover = (by: string, path: string): boolean => {
    const [, folder = ''] = testOf(path).split('/');
    return by.endsWith('.test.ts') && (by.startsWith(`test/${folder}/`) || by.startsWith('test/e2e/') || by.startsWith('test/contract/'));
  };
  const nearest = (path: string): string => {
    const near = (by: string): number => folderOf(testOf(path)).split('/').filter((part, i) => folderOf(by).split('/')[i] === part).length;
    const reaching = all.filter((file) => mayCover(file.path, path) && reachedFrom(file.path, files).has(path)).map((file) => file.path);
    return reaching.toSorted((a, b) => near(b) - near(a))[0] ?? 'no test near reaches';
  };

  test('each file has a test of its name, or stands in test/tidy/covered.ts with the test that covers it', () => {
    const untested = tested.map(({ path }) => path).filter((path) => !files.has(testOf(path)));
    if (process.env['SPOOR_WRITE_COVERED'] === '1') {
      const lists = Array.from(Map.groupBy(untested, nearest)).toSorted(([a], [b]) => (a < b ? -1 : 1));
      const text = lists.map(([by, paths]) => `  '${by}': [\n${paths.map((path) => `    '${path}',\n`).join('')}  ],\n`).join('');
      const list = join(root, 'test/tidy/covered.ts');
      writeFileSync(list, readFileSync(list, 'utf8').replace(/= \{\n[^}]*\};/, () => `= {\n${text}};`));
      return;
    }
    const missing = untested.filter((path) => !covered.has(path)).map((path) => `${path}: ${nearest(path)}`);
    expect(missing, 'write tests of these names; what stands behind is the nearest test that reaches them (SPOOR_WRITE_COVERED=1 writes the list anew)').toEqual([]);
  });

  test('that list is true: the file exists, has no test of its own, and the test reaches it', () => {
    const paths = new Set(tested.map(({ path }) => path));
    const wrong: string[] = [];
    for (const [path, by] of covered) {
      if (!paths.has(path)) wrong.push(`${path} does not exist or has no code`);
      else if (files.has(testOf(path))) wrong.push(`${path} has a test of its own now: strike it from the list`);
      else if (!files.has(by)) wrong.push(`${by} does not exist`);
      else if (!mayCover(by, path)) wrong.push(`${by} is a test of something else than ${path}`);
      else if (!reachedFrom(by, files).has(path)) wrong.push(`${by} does not reach ${path}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('documents', () => {
  test('each format that keeps golden files has its page', () => {
    const folder = join(root, 'test/compat');
    const formats = existsSync(folder) ? readdirSync(folder) : [];
    expect(formats.filter((name) => !existsSync(join(root, 'docs/formats', `${name}.md`))), 'write docs/formats/<name>.md').toEqual([]);
  });

  test('ARCHITECTURE.md lists each folder of src exactly once', () => {
    const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    const listed = Array.from(text.matchAll(/^\s*[|*-]\s*\[?`src\/(\w+)\/?`/gm), (match) => match[1] ?? '');
    expect(listed.toSorted(), 'a row or list item that begins with `src/<folder>/` for each').toEqual(readdirSync(join(root, 'src')).toSorted());
  });

  test('links between documents lead somewhere', () => {
    const documents = readdirSync(root).filter((name) => name.endsWith('.md')).concat(readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`));
    const broken = documents.flatMap((path) =>
      Array.from(readFileSync(join(root, path), 'utf8').replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, '').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g), (match) => match[1] ?? '')
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, folderOf(path), target)))
        .map((target) => `${path}: ${target}`),
    );
    expect(broken).toEqual([]);
  });
});

describe('these checks themselves', () => {
  test('see what is wrong', () => {
    expect(allowedImport('src/journal/disk.ts', 'src/server/mod.ts')).toBe(false);
    expect(allowedImport('src/server/main.ts', 'src/journal/disk.ts')).toBe(false);
    expect(allowedImport('src/chunks/page.ts', 'src/logql/mod.ts')).toBe(false);
    expect(allowedImport('src/model/time.ts', 'src/bytes/mod.ts')).toBe(false);
    expect(allowedImport('agent/main.ts', 'src/journal/mod.ts')).toBe(false);
    expect(allowedImport('cli/query.ts', 'src/model/mod.ts')).toBe(false);
    expect(allowedImport('cli/query.ts', 'src/server/mod.ts')).toBe(false);
    expect(allowedImport('src/http/app.ts', 'cli/main.ts')).toBe(false);
    for (const { pattern } of bans) expect(samples.filter((sample) => pattern.test(sample)).length, String(pattern)).toBe(1);
  });

  test('and let pass what is right', () => {
    expect(allowedImport('src/server/main.ts', 'src/journal/mod.ts')).toBe(true);
    expect(allowedImport('src/logql/engine/run.ts', 'src/logql/plan/plan.ts')).toBe(true);
    expect(allowedImport('cli/main.ts', 'agent/mod.ts')).toBe(true);
    const code = withoutComments("a(); // process.env\n/* console.log\n*/ const url = 'http://x'; // TODO");
    expect(code).toContain("'http://x'");
    expect(code).not.toMatch(/process|console|TODO/);
    expect(linesWith("x\nprocess.env['A']", /process\.env/)).toEqual([2]);
  });
});

const samples = ["process.env['A']", 'Date.now()', 'console.log(1)', 'process.exit(1)', "vi.mock('x')", "test.only('x')", "describe.skip('x')", 'let a: any', '// oxlint-disable-line', '// TODO later'];
