import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { torture } from './torture.ts';

/*
 * The torture test by hand, with the figures of the issue by default:
 *   node test/torture/main.ts                       20 MB/s for five minutes, rotation at 10 MiB × 5, twenty kill -9, the server away for two minutes; the disk buffer has room
 *   node test/torture/main.ts --fill                the same with a small disk buffer: files are deleted unread
 */
const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '20' }, seconds: { type: 'string', default: '300' }, containers: { type: 'string', default: '8' }, rotate: { type: 'string', default: '10' }, files: { type: 'string', default: '5' },
    kills: { type: 'string', default: '20' }, outages: { type: 'string', default: '1' }, outage: { type: 'string', default: '120' }, fill: { type: 'boolean', default: false }, seed: { type: 'string', default: '1' },
    drain: { type: 'string', default: '600' }, record: { type: 'string', default: '200' }, settings: { type: 'string' }, keep: { type: 'boolean', default: false },
  },
});
const root = mkdtempSync(join(tmpdir(), 'spoor-torture-'));
const mib = 2 ** 20;
try {
  const { status, ...report } = await torture({
    root, containers: Number(values.containers), bytesPerSecond: Number(values.rate) * 1e6, rotateBytes: Number(values.rotate) * mib, files: Number(values.files), recordBytes: Number(values.record),
    seconds: Number(values.seconds), kills: Number(values.kills), outages: Number(values.outages), outageSeconds: Number(values.outage), drainSeconds: Number(values.drain), seed: Number(values.seed),
    unreadBytesMax: values.fill ? Infinity : (Number(values.containers) * Number(values.rotate) * mib * Number(values.files)) / 3,
    settings: values.settings ?? (values.fill ? 'buffer: {size_max: 20MB}\nread: {deleted_size_max: 20MB}' : 'buffer: {size_max: 8GB}'),
    say: (text) => process.stdout.write(`${text}\n`),
  });
  const gaps = report.missingOf.map((lines, container) => ({ container, missingBytes: lines * Number(values.record), gapBytes: report.gapBytes[`load-${String(container).padStart(3, '0')}`] ?? 0 })).filter(({ missingBytes, gapBytes }) => missingBytes + gapBytes > 0);
  process.stdout.write(`${JSON.stringify({ ...report, gaps, totals: status.totals, destinations: status.destinations }, null, 1)}\n`);
  process.exitCode = report.doubles === 0 && report.missingElsewhere === 0 && gaps.every(({ missingBytes, gapBytes }) => missingBytes === gapBytes || (Number(values.kills) > 0 && missingBytes < gapBytes)) && (values.fill || report.missing === 0) ? 0 : 1;
} finally {
  if (values.keep) process.stdout.write(`${root}\n`);
  else rmSync(root, { recursive: true, force: true });
}
