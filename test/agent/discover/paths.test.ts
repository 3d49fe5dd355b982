import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listMembers } from '../../../agent/discover/members.ts';
import { compareRotations, parseLogFileName, parsePodDirectory } from '../../../agent/discover/paths.ts';
import { temporaryDir } from '../harness.ts';

describe('paths', () => {
  it.each([
    ['shop_web-1_abc-def', { namespace: 'shop', pod: 'web-1', uid: 'abc-def' }],
    ['shop_web', undefined],
    ['a_b_c_d', undefined],
    ['_b_c', undefined],
    ['', undefined],
  ])('reads the pod directory %j', (name, expected) => {
    expect(parsePodDirectory(name)).toEqual(expected);
  });

  it.each([
    ['0.log', { restart: 0, rotation: '', gzip: false }],
    ['12.log.20260102-030405', { restart: 12, rotation: '20260102-030405', gzip: false }],
    ['0.log.20260102-030405.gz', { restart: 0, rotation: '20260102-030405', gzip: true }],
    ['0.log.3', { restart: 0, rotation: '3', gzip: false }],
    ['0.log.20260102-030405.tmp', undefined],
    ['0.log.20260102-030405.gz.tmp', undefined],
    ['0.log.gz', undefined],
    ['0.log~', undefined],
    ['x.log', undefined],
  ])('reads the file name %j', (name, expected) => {
    expect(parseLogFileName(name)).toEqual(expected);
  });

  it('orders rotations from the oldest to the live file', () => {
    const ordered = ['20260102-030405', '20260102-030406', '11', '2', '1', ''];
    expect(ordered.toReversed().sort(compareRotations)).toEqual(ordered);
    expect(ordered.toSorted(compareRotations)).toEqual(ordered);
  });

  it('lists the files of each restart, oldest first, those beside the target of a link too', () => {
    using dir = temporaryDir();
    const container = join(dir.path, 'container');
    const docker = join(dir.path, 'docker');
    mkdirSync(container);
    mkdirSync(docker);
    for (const name of ['0.log', '0.log.20260102-030405.gz', '0.log.20260103-030405', '0.log.20260103-030405.gz', '0.log.20260104-030405.tmp', 'other']) writeFileSync(join(container, name), name);
    for (const name of ['x-json.log', 'x-json.log.1', 'x-json.log.2.gz', 'y-json.log']) writeFileSync(join(docker, name), name);
    symlinkSync(join(docker, 'x-json.log'), join(container, '1.log'));
    symlinkSync(join(docker, 'gone'), join(container, '2.log'));
    mkdirSync(join(container, '3.log'));
    const listed = [...listMembers(container)].map(([restart, members]) => [restart, members.map((member) => member.path.slice(dir.path.length + 1))]);
    expect(Object.fromEntries(listed)).toEqual({
      0: ['container/0.log.20260102-030405.gz', 'container/0.log.20260103-030405', 'container/0.log'],
      1: ['docker/x-json.log.2.gz', 'docker/x-json.log.1', 'docker/x-json.log'],
      2: [],
      3: [],
    });
  });
});
