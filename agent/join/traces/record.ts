import { isBlank } from './bytes.ts';

const recordStart = /^(?:[0-9{[]|(?:trace|debug|info|notice|warn|warning|error|fatal|critical|severe)\b(?!\S*(?:Error|Exception))|(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE)\b|[A-Za-z_][A-Za-z0-9_.]*=|[IWEF]\d{4} |[A-Z][a-z]{2} +\d{1,2} \d\d:)/;

/** Whether a line looks like the beginning of a log record (a time, a level, JSON, `key=`), which no line of an error's message does. For lines that are seldom. */
export function looksLikeRecord(bytes: Buffer, start: number, end: number): boolean {
  if (isBlank(bytes, start, end)) return false;
  return recordStart.test(bytes.toString('latin1', start, Math.min(end, start + 40)));
}
