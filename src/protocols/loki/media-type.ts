import { SpoorError } from '../../model/mod.ts';

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+/;
const parameter = /^\s*;\s*[!#$%&'*+\-.^_`|~0-9A-Za-z]+=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[^"\\\r\n]|\\.)*")/;

/** The media type of a Content-Type header in lower case, without its parameters. Throws `push_media_type`, worded as Go's mime package does. */
export function mediaTypeOf(contentType: string | undefined): string {
  const [head = ''] = (contentType ?? '').split(';', 1);
  const type = head.trim();
  if (type === '') throw new SpoorError('push_media_type', { reason: 'no media type' });
  const main = token.exec(type)?.[0] ?? '';
  const rest = type.slice(main.length);
  if (main === '') throw new SpoorError('push_media_type', { reason: 'no media type' });
  if (rest !== '') {
    if (!rest.startsWith('/')) throw new SpoorError('push_media_type', { reason: 'expected slash after first token' });
    const sub = token.exec(rest.slice(1))?.[0] ?? '';
    if (sub === '') throw new SpoorError('push_media_type', { reason: 'expected token after slash' });
    if (sub.length + 1 !== rest.length) throw new SpoorError('push_media_type', { reason: 'unexpected content after media subtype' });
  }
  let parameters = (contentType ?? '').slice(head.length);
  while (!/^\s*;?\s*$/.test(parameters)) {
    const found = parameter.exec(parameters);
    if (found === null) throw new SpoorError('push_media_type', { reason: 'invalid media parameter' });
    parameters = parameters.slice(found[0].length);
  }
  return type.toLowerCase();
}
