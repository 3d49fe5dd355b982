import type { Batch, StreamLabels } from '../buffer/batch.ts';
import { eachPair, lineText, timeText } from './rows.ts';

/** Writes rows as JSON, one object a line: `{"time":…,"labels":{…},"line":…}`, with `metadata` and `tenant` where there are any. Archives and the file of refused lines hold these. */
export class JsonRows {
  readonly #labels = new WeakMap<StreamLabels, string>();

  /** A row, without the newline. `more` stands before its closing brace: `,"key":value`. */
  row(batch: Batch, row: number, more = ''): string {
    const stream = batch.streams[batch.stream[row] as number] as StreamLabels;
    let labels = this.#labels.get(stream);
    if (labels === undefined) {
      labels = `${stream.tenant === undefined ? '' : `"tenant":${JSON.stringify(stream.tenant)},`}"labels":${JSON.stringify(Object.fromEntries(stream.labels.map(({ name, value }) => [name, value])))}`;
      this.#labels.set(stream, labels);
    }
    let metadata = '';
    eachPair(batch, row, (name, value) => {
      metadata += `${metadata === '' ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`;
    });
    return `{"time":"${timeText(batch, row)}",${labels}${metadata === '' ? '' : `,"metadata":{${metadata}}`},"line":${JSON.stringify(lineText(batch, row))}${more}}`;
  }
}
