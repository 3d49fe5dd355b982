import type { FileHandle } from 'node:fs/promises';
import { inspectSegment, type InspectedColumn, type InspectedRowGroup, type InspectedSegment, type InspectedTemplate, type InspectedTenant } from '../../src/chunks/mod.ts';
import { dayStartNs, formatRfc3339, labelsObject } from '../../src/model/mod.ts';
import { Failure } from '../failure.ts';
import type { Terminal } from '../terminal.ts';
import { bytesText, countText, damageText, jsonText, moreText, partText, plural, shown, tableText } from './text.ts';
import type { InspectOptions, Report } from './run.ts';

/** What is listed of each kind unless all is asked for. */
const listed = { rowGroups: 20, templates: 12, templateCharacters: 400, exampleCharacters: 24 };

/** Explains a segment. */
export async function inspectSegmentFile(file: FileHandle, path: string, terminal: Terminal, options: InspectOptions): Promise<Report> {
  const { size } = await file.stat();
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = await file.read(bytes, 0, length, offset);
    return bytes.subarray(0, bytesRead);
  };
  const segment = await inspectSegment(read, size, path, { verify: options.verify });
  const text = options.json ? jsonText(jsonOf(path, segment)) : options.rowGroup === undefined ? segmentText(path, segment, terminal, options) : rowGroupText(segment, options.rowGroup, terminal, options.all);
  return { text, damage: segment.damage.length };
}

function jsonOf(path: string, { footer, tenants, pool, rowGroups, space, damage }: InspectedSegment): unknown {
  return {
    file: path, kind: 'segment', version: footer.version, bytes: footer.segmentBytes, footerBytes: footer.footerBytes, pool, space, damage,
    tenants: tenants.map((tenant) => ({ ...tenant, streams: tenant.streams?.map(labelsObject) ?? null })),
    // What is undefined is left out.
    rowGroups: rowGroups.map(({ meta, pages, templates }) => ({
      ...meta, shapes: undefined, tenant: tenantName(tenants, meta.tenant), shredded: meta.shapes !== null, pages, templates: templates.map((template) => ({ ...template, key: undefined })),
    })),
  };
}

function tenantName(tenants: readonly InspectedTenant[], number: number): string {
  return tenants[number]?.tenant ?? `tenant ${number}`;
}

function timesOf(groups: readonly InspectedRowGroup[]): { readonly first: bigint; readonly last: bigint } {
  let first = 2n ** 63n;
  let last = -(2n ** 63n);
  for (const { meta } of groups) {
    const start = dayStartNs(meta.day);
    if (start + BigInt(meta.minTime) < first) first = start + BigInt(meta.minTime);
    if (start + BigInt(meta.maxTime) > last) last = start + BigInt(meta.maxTime);
  }
  return { first, last };
}

function segmentText(path: string, segment: InspectedSegment, terminal: Terminal, { all, verify }: InspectOptions): string {
  const { footer, tenants, pool, rowGroups, space, damage } = segment;
  const c = terminal.colors;
  const sum = (of: (tenant: InspectedTenant) => number): number => tenants.reduce((total, tenant) => total + of(tenant), 0);
  const rows = sum((tenant) => tenant.rows);
  const raw = sum((tenant) => tenant.lineBytes + tenant.metadataBytes);
  let text = `${c.bold(`segment ${path}`)}\nformat version ${footer.version}, ${bytesText(footer.segmentBytes)}: `;
  text += `${plural(rows, 'row')} of ${plural(sum((tenant) => tenant.streams?.length ?? 0), 'stream')} in ${plural(rowGroups.length, 'row group')}`;
  text += `, ${bytesText(sum((tenant) => tenant.lineBytes))} of lines and ${bytesText(sum((tenant) => tenant.metadataBytes))} of metadata${raw > 0 ? ` (${(raw / footer.segmentBytes).toFixed(1)} to 1)` : ''}\n`;
  if (rowGroups.length > 0) {
    const { first, last } = timesOf(rowGroups);
    text += `from ${formatRfc3339(first)} to ${formatRfc3339(last)}\n`;
  }
  if (pool !== null) text += `pool: ${plural(pool.values, 'value')} of ${pool.digits} hexadecimal digits that columns share, ${bytesText(pool.page.storedBytes)}\n`;
  text += damageText(terminal, damage, verify ? 'every checksum is right, and every row could be put together' : 'every checksum is right');

  text += `\n${c.bold('tenants')}\n${tableText(terminal, [{ title: 'tenant' }, { title: 'streams', right: true }, { title: 'row groups', right: true }, { title: 'rows', right: true }, { title: 'lines', right: true }, { title: 'metadata', right: true }, { title: 'stored', right: true }],
    tenants.map((tenant) => [shown(tenant.tenant, 60) || '""', tenant.streams === null ? '?' : countText(tenant.streams.length), countText(tenant.rowGroups), countText(tenant.rows), bytesText(tenant.lineBytes), bytesText(tenant.metadataBytes), bytesText(tenant.storedBytes)]))}`;

  text += `\n${c.bold('what takes the space')}\n${tableText(terminal, [{ title: 'what' }, { title: 'pages', right: true }, { title: 'stored', right: true }, { title: 'part', right: true }, { title: 'raw', right: true }],
    space.map(({ what, pages, storedBytes, rawBytes }) => [what, countText(pages), bytesText(storedBytes), partText(storedBytes, footer.segmentBytes), bytesText(rawBytes)]))}`;

  const groups = all ? rowGroups : rowGroups.slice(0, listed.rowGroups);
  text += `\n${c.bold('row groups')}\n${tableText(terminal, [{ title: '#', right: true }, { title: 'tenant' }, { title: 'from' }, { title: 'to' }, { title: 'rows', right: true }, { title: 'chunks', right: true }, { title: 'lines', right: true }, { title: 'metadata', right: true }, { title: 'stored', right: true }, { title: 'templates', right: true }],
    groups.map((group, number) => {
      const { meta, templates } = group;
      const { first, last } = timesOf([group]);
      return [String(number), shown(tenantName(tenants, meta.tenant), 30), formatRfc3339(first), formatRfc3339(last), countText(meta.rows), countText(meta.runs), bytesText(meta.lineBytes), bytesText(meta.metadataBytes), bytesText(meta.storedBytes), meta.shapes === null ? 'plain' : countText(templates.length)];
    }))}${moreText(rowGroups.length, groups.length, 'row groups')}`;

  return text + templatesText(`templates${rowGroups.length > 1 ? ' of all row groups' : ''}`, merged(rowGroups), terminal, all);
}

function rowGroupText({ tenants, rowGroups, damage }: InspectedSegment, number: number, terminal: Terminal, all: boolean): string {
  const group = rowGroups[number];
  if (group === undefined) throw new Failure(`there is no row group ${number}; the segment has ${plural(rowGroups.length, 'row group')}`);
  const { meta, pages, templates } = group;
  const { first, last } = timesOf([group]);
  const inside = damage.filter(({ offset }) => offset >= meta.offset && offset < meta.offset + meta.storedBytes);
  let text = `${terminal.colors.bold(`row group ${number}`)}, tenant ${shown(tenantName(tenants, meta.tenant), 60) || '""'}, from byte ${meta.offset} on, ${bytesText(meta.storedBytes)}\n`;
  text += `${plural(meta.rows, 'row')} in ${plural(meta.runs, 'chunk')}, ${bytesText(meta.lineBytes)} of lines and ${bytesText(meta.metadataBytes)} of metadata\nfrom ${formatRfc3339(first)} to ${formatRfc3339(last)}\n`;
  text += damageText(terminal, inside, 'every checksum in it is right');
  text += `\n${terminal.colors.bold('pages')}\n${tableText(terminal, [{ title: 'column' }, { title: 'encoding' }, { title: 'codec' }, { title: 'stored', right: true }, { title: 'raw', right: true }],
    pages.map(({ what, encoding, codec, storedBytes, rawBytes }) => [what, encoding, codec, bytesText(storedBytes), bytesText(rawBytes)]))}`;
  return text + templatesText('templates', templates.map((template) => ({ ...template, rowGroups: 1 })), terminal, all);
}

interface MergedTemplate extends InspectedTemplate {
  readonly rowGroups: number;
}

/** Templates of all row groups, the same one once. */
function merged(rowGroups: readonly InspectedRowGroup[]): MergedTemplate[] {
  const found = new Map<string, MergedTemplate>();
  for (const { templates } of rowGroups) {
    for (const template of templates) {
      const known = found.get(template.key);
      if (known === undefined) found.set(template.key, { ...template, rowGroups: 1 });
      else found.set(template.key, { ...known, rows: known.rows + template.rows, rowGroups: known.rowGroups + 1, columns: known.columns.map((column, i) => both(column, template.columns[i] ?? column)) });
    }
  }
  return [...found.values()];
}

function both(a: InspectedColumn, b: InspectedColumn): InspectedColumn {
  const union = (of: readonly string[], others: readonly string[]): string[] => [...new Set([...of, ...others])];
  return {
    ...a,
    encoding: union(a.encoding.split(' or '), b.encoding.split(' or ')).join(' or '),
    distinct: a.distinct === null || b.distinct === null ? null : Math.max(a.distinct, b.distinct),
    examples: union(a.examples, b.examples),
    range: a.range === null || b.range === null ? null : { min: Math.min(a.range.min, b.range.min), max: Math.max(a.range.max, b.range.max) },
    lengthMin: Math.min(a.lengthMin, b.lengthMin), lengthMax: Math.max(a.lengthMax, b.lengthMax),
    pages: a.pages + b.pages, storedBytes: a.storedBytes + b.storedBytes, rawBytes: a.rawBytes + b.rawBytes, codecs: union(a.codecs, b.codecs),
  };
}

function templatesText(title: string, templates: readonly MergedTemplate[], terminal: Terminal, all: boolean): string {
  if (templates.length === 0) return '';
  const stored = ({ columns }: InspectedTemplate): number => columns.reduce((sum, column) => sum + column.storedBytes, 0);
  const sorted = templates.toSorted((a, b) => stored(b) - stored(a) || b.rows - a.rows);
  const some = all ? sorted : sorted.slice(0, listed.templates);
  let text = `\n${terminal.colors.bold(title)}\n`;
  for (const template of some) {
    text += `  ${terminal.colors.cyan(template.kind)}, ${plural(template.rows, 'row')}${template.rowGroups > 1 ? ` in ${template.rowGroups} row groups` : ''}, ${bytesText(stored(template))}\n`;
    text += `    ${shown(lineOf(template), all ? Infinity : listed.templateCharacters)}\n`;
    if (template.columns.length === 0) continue;
    text += tableText(terminal, [{ title: '#', right: true }, { title: 'hole' }, { title: 'encoding' }, { title: 'values' }, { title: 'stored', right: true }, { title: 'raw', right: true }, { title: 'codec' }],
      template.columns.map((column, number) => [
        String(number), column.hole ?? (column.metadata === null ? 'metadata' : `metadata ${shown(column.metadata, 40)}`), shown(column.encoding, 60), valuesOf(column),
        column.pages === 0 ? '' : bytesText(column.storedBytes), column.pages === 0 ? '' : bytesText(column.rawBytes), column.codecs.join(', '),
      ]), '    ');
  }
  return text + moreText(sorted.length, some.length, 'templates');
}

/** The text of a template with its holes as ⟨number⟩. */
function lineOf({ text }: InspectedTemplate): string {
  return text.map((piece, i) => (i === 0 ? piece : `⟨${i - 1}⟩${piece}`)).join('');
}

function valuesOf({ distinct, examples, range, lengthMin, lengthMax }: InspectedColumn): string {
  if (distinct !== null) {
    const few = examples.slice(0, 3).map((example) => JSON.stringify(shown(example, listed.exampleCharacters)));
    return `${distinct === 1 && examples.length === 1 ? '' : `${distinct > 1 ? countText(distinct) : 'one'} distinct: `}${few.join(' ')}${examples.length > 3 || distinct > few.length ? ' …' : ''}`;
  }
  if (range !== null) return `${range.min} … ${range.max}`;
  return lengthMin === lengthMax ? plural(lengthMin, 'byte') : `${lengthMin} … ${countText(lengthMax)} bytes`;
}
