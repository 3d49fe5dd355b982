import { compileCapture, patternLengthMax, type CapturePattern } from './capture.ts';
import { grokPatterns } from './grok-patterns.ts';
import type { CaptureField, CaptureType } from './regex.ts';

/** Patterns inside one another. */
const nestingMax = 24;

const types: ReadonlyMap<string, CaptureType> = new Map([
  ['int', 'int'], ['integer', 'int'], ['long', 'int'], ['float', 'float'], ['double', 'float'], ['number', 'float'], ['string', 'string'], ['text', 'string'], ['bool', 'bool'], ['boolean', 'bool'],
]);

/** A grok expression as a regular expression with the fields of its groups. */
export interface GrokPattern {
  readonly pattern: CapturePattern;
  readonly fields: readonly CaptureField[];
}

/**
 * Compiles a grok expression: `%{NAME}` stands for a pattern, `%{NAME:field}` makes a field of what it matched, `%{NAME:field:int}` with a type; a field is a name, with dots or as
 * `[a][b]`. `(?<field>…)` works, too. The rest is RE2 syntax. Throws an error that names what is wrong.
 * @param own patterns by name, which come before the built-in ones
 */
export function compileGrok(expression: string, own: ReadonlyMap<string, string>): GrokPattern {
  const found: { readonly name: string; readonly type: CaptureType }[] = [];
  const source = expand(expression, own, found, []);
  const pattern = compileCapture(source);
  const fields = pattern.names.flatMap((name, i): CaptureField[] => {
    const field = /^f\d+_$/.test(name) ? found[Number(name.slice(1, -1))] : undefined;
    return field === undefined ? [] : [{ group: i + 1, ...field }];
  });
  return { pattern, fields };
}

function expand(text: string, own: ReadonlyMap<string, string>, found: { readonly name: string; readonly type: CaptureType }[], path: readonly string[]): string {
  if (path.length > nestingMax) throw new Error(`the patterns ${path.slice(0, 3).join(', ')} … are nested too deeply`);
  let out = '';
  let last = 0;
  for (const match of text.matchAll(/%\{([A-Za-z0-9_]{1,100})(?::([^:}]{1,200}))?(?::([A-Za-z]{1,20}))?\}|\(\?P?<([A-Za-z_][A-Za-z0-9_.@-]{0,100})>/g)) {
    const [whole, name = '', field, typeName, group] = match;
    out += text.slice(last, match.index);
    last = match.index + whole.length;
    if (group !== undefined) {
      out += `(?P<f${found.length}_>`;
      found.push({ name: group, type: 'string' });
      continue;
    }
    const inner = own.get(name) ?? grokPatterns.get(name);
    if (inner === undefined) throw new Error(`there is no pattern ${name}`);
    if (path.includes(name)) throw new Error(`the pattern ${name} stands in itself`);
    const type = types.get(typeName ?? 'string');
    if (type === undefined) throw new Error(`${typeName} is no type; known are ${Array.from(types.keys()).join(', ')}`);
    if (field === undefined) {
      out += `(?:${expand(inner, own, found, [...path, name])})`;
    } else {
      const place = found.push({ name: fieldName(field), type }) - 1;
      out += `(?P<f${place}_>${expand(inner, own, found, [...path, name])})`;
    }
    if (out.length > patternLengthMax) throw new Error(`the pattern is longer than ${patternLengthMax} characters once its names are replaced`);
  }
  const rest = text.slice(last);
  if (/%\{/.test(rest)) throw new Error(`${JSON.stringify(rest.slice(rest.indexOf('%{'), rest.indexOf('%{') + 40))} is no %{NAME}, %{NAME:field} or %{NAME:field:type}`);
  return out + rest;
}

/** `[http][request]` → `http.request`. */
function fieldName(text: string): string {
  return text.startsWith('[') ? text.replaceAll('][', '.').replaceAll(/[[\]]/g, '') : text;
}
