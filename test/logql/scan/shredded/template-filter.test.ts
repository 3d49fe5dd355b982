import { describe, expect, it } from 'vitest';
import { splitStages } from '../../../../src/logql/scan/leading.ts';
import { placesOf } from '../../../../src/logql/scan/shredded/marks.ts';
import { TemplateFilter } from '../../../../src/logql/scan/shredded/template-filter.ts';
import { WantedPlaces } from '../../../../src/logql/scan/shredded/wanted.ts';
import { filterBytes } from '../../../../src/logql/regex/mod.ts';
import { shreddedBlock } from '../../../../src/model/mod.ts';
import { tasksOf } from './compare.ts';
import { groupOf } from './group.ts';

const lines = Array.from({ length: 120 }, (_, i) => [
  `level=${['error', 'info', 'ERROR'][i % 3]!} task=${i * 37} msg="${['ſtart', 'tas\u212a', 'plain task', '×Error'][i % 4]!} ${i}" id=${(i * 0x9e3779b1).toString(16).padStart(12, '0')}`,
  `{"level":"${['error', 'info'][i % 2]!}","n":${i},"msg":"${i % 5 === 0 ? '' : 'out of memory'}"}`,
  `GET /x/${i} 200`,
]).flat();

describe('TemplateFilter', () => {
  it.each([
    '|= "error"', '|= "level=error"', '!= "error"', '|= "r task=3"', '|= "7 msg"', '|= "12" or "34"', '|= "memory\\"}"', '|= "\\"n\\":1"', '|= "1,\\"msg\\":\\"\\""', '|= "nowhere"',
    '|= "error" |= "3" != "7"', '|~ "(?i)ERROR"', '|~ "(?i)task"', '|~ "(?i)×error"', '|~ "level=(error|info)"', '|~ "o.t of"', '!~ "(?i)error"', '|~ "/x/1[0-9] "', '|= ip("10.0.0.1")', '|> "<_>level<_>"', '|= ""', '|~ ".+"', '|= "start" or "0 200"',
  ])('selects what each line tells: %s', (text) => {
    const group = groupOf(lines, { streams: [{ app: 'a' }, { app: 'b' }] });
    const { filters } = splitStages(tasksOf(`{app=~".+"} ${text}`)[0]!.stages);
    const block = shreddedBlock(group, { order: false, lineLength: false, lines: true, metadata: false });
    const { bytes, start, length } = block.lines!;
    for (const template of group.templates) {
      const wanted = [...template.rows()].flatMap((row, place) => (filters.every((filter) => filterBytes(filter, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), start[row]!, start[row]! + length[row]!)) ? [place] : []));
      expect([...placesOf(new TemplateFilter(group, template, new WantedPlaces(group)).select(filters), template.count)]).toEqual(wanted);
    }
  });
});
