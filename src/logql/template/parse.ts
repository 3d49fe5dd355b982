import { TemplateSyntaxError, type Body, type Command, type NumberOperand, type Operand, type Pipeline, type TemplateNode } from './ast.ts';
import { lineAt, tokenize, type Token, type TokenKind } from './lexer.ts';
import { unquoteGo } from './unquote.ts';

/** A parsed template; `named` are those of {{define}} and {{block}}. */
export interface ParsedTemplate {
  readonly name: string;
  readonly source: string;
  readonly body: Body;
  readonly named: ReadonlyMap<string, Body>;
}

const depthMax = 200;

/**
 * Parses a Go text/template.
 * @param name what errors call it: `line` or `label`
 * @param isFunction whether a function of that name exists
 * @throws TemplateSyntaxError with Go's words
 */
export function parseTemplate(name: string, source: string, isFunction: (name: string) => boolean): ParsedTemplate {
  return new Parser(name, source, isFunction).parse();
}

const keywords = new Set(['if', 'else', 'end', 'range', 'with', 'break', 'continue', 'define', 'block', 'template', 'nil', 'true', 'false']);

class Parser {
  readonly #name: string;
  readonly #source: string;
  readonly #isFunction: (name: string) => boolean;
  readonly #tokens: readonly Token[];
  readonly #named = new Map<string, Body>();
  #next = 0;
  #variables: string[] = ['$'];
  #rangeDepth = 0;
  #depth = 0;

  constructor(name: string, source: string, isFunction: (name: string) => boolean) {
    this.#name = name;
    this.#source = source;
    this.#isFunction = isFunction;
    this.#tokens = tokenize(name, source);
  }

  parse(): ParsedTemplate {
    const { body, ended } = this.#list(false);
    if (ended !== 'eof') throw this.#error(ended === 'end' ? 'unexpected {{end}}' : 'unexpected {{else}}');
    return { name: this.#name, source: this.#source, body, named: this.#named };
  }

  #error(reason: string, at = this.#next): TemplateSyntaxError {
    const token = this.#tokens[Math.min(at, this.#tokens.length - 1)];
    return new TemplateSyntaxError(this.#name, lineAt(this.#source, token?.at ?? 0), reason);
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #take(): Token {
    return this.#tokens[this.#next++]!;
  }

  #skipSpace(): void {
    while (this.#peek().kind === 'space') this.#next++;
  }

  #unexpected(context: string): TemplateSyntaxError {
    const token = this.#peek();
    if (token.kind === 'end') return this.#error('unexpected EOF');
    const shown = token.kind === 'close' ? '"}}"' : token.kind === 'word' && keywords.has(token.text) ? `<${token.text}>` : JSON.stringify(token.text);
    return this.#error(`unexpected ${shown} in ${context}`);
  }

  /** Nodes up to {{end}}, {{else …}} or the end of the text; the keyword is read, what follows an else is not. */
  #list(inner: boolean): { readonly body: Body; readonly ended: 'end' | 'else' | 'eof' } {
    if (++this.#depth > depthMax) throw this.#error(`exceeded the limit of ${depthMax} nested actions`);
    const body: TemplateNode[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'end') {
        if (inner) throw this.#error('unexpected EOF');
        this.#depth--;
        return { body, ended: 'eof' };
      }
      this.#next++;
      if (token.kind === 'text') {
        body.push({ kind: 'text', at: token.at, text: token.text });
        continue;
      }
      this.#skipSpace();
      const word = this.#peek();
      if (word.kind === 'word' && (word.text === 'end' || word.text === 'else')) {
        this.#next++;
        if (word.text === 'end') this.#close('end');
        this.#depth--;
        return { body, ended: word.text };
      }
      body.push(...this.#action(token));
    }
  }

  #close(context: string): void {
    this.#skipSpace();
    if (this.#peek().kind !== 'close') throw this.#unexpected(context);
    this.#next++;
  }

  #action(open: Token): readonly TemplateNode[] {
    const word = this.#peek();
    if (word.kind === 'word') {
      if (word.text === 'if' || word.text === 'with' || word.text === 'range') {
        this.#next++;
        return [this.#branch(word.text, word.at)];
      }
      if (word.text === 'break' || word.text === 'continue') {
        this.#next++;
        if (this.#rangeDepth === 0) throw this.#error(`{{${word.text}}} outside {{range}}`);
        this.#close(`{{${word.text}}}`);
        return [{ kind: word.text, at: word.at }];
      }
      if (word.text === 'define' || word.text === 'block' || word.text === 'template') {
        this.#next++;
        return this.#invocation(word.text, word.at);
      }
    }
    const pipe = this.#pipeline('command', 'close');
    return [{ kind: 'action', at: open.at + 2, pipe }];
  }

  #branch(word: 'if' | 'with' | 'range', at: number): TemplateNode {
    const scope = this.#variables.length;
    const pipe = this.#pipeline(word, 'close');
    if (word === 'range') this.#rangeDepth++;
    const first = this.#list(true);
    if (word === 'range') this.#rangeDepth--;
    let otherwise: Body | null = null;
    if (first.ended === 'else') {
      this.#skipSpace();
      const next = this.#peek();
      if (next.kind === 'word' && next.text === word && word !== 'range') {
        this.#next++;
        otherwise = [this.#branch(word, next.at)];
      } else {
        this.#close('else');
        const second = this.#list(true);
        if (second.ended !== 'end') throw this.#error(`expected end; found {{else}}`);
        otherwise = second.body;
      }
    }
    this.#variables.length = scope;
    return { kind: 'branch', word, at, pipe, body: first.body, otherwise };
  }

  #invocation(word: 'define' | 'block' | 'template', at: number): readonly TemplateNode[] {
    this.#skipSpace();
    const context = word === 'template' ? 'template clause' : `${word} clause`;
    if (this.#peek().kind !== 'string') throw this.#unexpected(context);
    const name = this.#string(this.#take());
    if (word === 'define') this.#close(context);
    let pipe: Pipeline | null = null;
    if (word !== 'define') {
      this.#skipSpace();
      if (this.#peek().kind === 'close') this.#next++;
      else pipe = this.#pipeline(context, 'close');
    }
    if (word === 'template') return [{ kind: 'template', at, name, pipe }];
    const variables = this.#variables;
    const range = this.#rangeDepth;
    this.#variables = ['$'];
    this.#rangeDepth = 0;
    const { body, ended } = this.#list(true);
    if (ended !== 'end') throw this.#error(`unexpected {{else}} in ${context}`);
    this.#variables = variables;
    this.#rangeDepth = range;
    if (word === 'define' || !this.#named.has(name)) this.#named.set(name, body);
    return word === 'define' ? [] : [{ kind: 'template', at, name, pipe }];
  }

  #pipeline(context: string, until: 'close' | ')'): Pipeline {
    if (++this.#depth > depthMax) throw this.#error(`exceeded the limit of ${depthMax} nested actions`);
    this.#skipSpace();
    const at = this.#peek().at;
    const { declare, assign } = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      this.#skipSpace();
      const token = this.#peek();
      if (token.kind === until) {
        this.#next++;
        break;
      }
      if (!startsOperand(token.kind)) throw this.#unexpected(context);
      commands.push(this.#command(context));
    }
    if (commands.length === 0) throw this.#error(`missing value for ${context}`, this.#next - 1);
    for (const command of commands.slice(1)) {
      const [first] = command.operands;
      if (first !== undefined && (first.kind === 'constant' || first.kind === 'dot' || first.kind === 'nil' || first.kind === 'number')) {
        throw this.#error(`non executable command in pipeline stage ${commands.indexOf(command) + 1}`);
      }
    }
    for (const name of declare) if (!assign) this.#variables.push(name);
    this.#depth--;
    return { at, declare, assign, commands };
  }

  #declarations(context: string): { readonly declare: readonly string[]; readonly assign: boolean } {
    const start = this.#next;
    const declare: string[] = [];
    for (;;) {
      this.#skipSpace();
      if (this.#peek().kind !== 'variable') break;
      const name = this.#take().text;
      this.#skipSpace();
      const after = this.#peek();
      declare.push(name);
      if (after.kind === ':=' || after.kind === '=') {
        this.#next++;
        if (after.kind === '=') for (const known of declare) this.#checkVariable(known);
        return { declare, assign: after.kind === '=' };
      }
      if (after.kind !== ',' || context !== 'range' || declare.length > 1) {
        if (after.kind === ',') throw this.#error(`too many declarations in ${context}`);
        break;
      }
      this.#next++;
    }
    this.#next = start;
    return { declare: [], assign: false };
  }

  #checkVariable(name: string): void {
    if (!this.#variables.includes(name)) throw this.#error(`undefined variable ${JSON.stringify(name)}`);
  }

  #command(context: string): Command {
    const at = this.#peek().at;
    const operands: Operand[] = [];
    for (;;) {
      this.#skipSpace();
      if (startsOperand(this.#peek().kind)) operands.push(this.#operand());
      const token = this.#peek();
      if (token.kind === 'space') continue;
      if (token.kind === '|') {
        this.#next++;
        this.#skipSpace();
        if (!startsOperand(this.#peek().kind)) throw this.#error(`missing value for ${context}`);
      } else if (token.kind !== 'close' && token.kind !== ')') throw this.#unexpected('operand');
      break;
    }
    if (operands.length === 0) throw this.#error('empty command');
    return { at, text: operands.map((operand) => operand.text).join(' '), operands };
  }

  #operand(): Operand {
    const of = this.#term();
    const names: string[] = [];
    let last = of.at;
    while (this.#peek().kind === 'field') {
      const token = this.#take();
      if (names.length === 0) last = token.at;
      names.push(token.text.slice(1));
    }
    if (names.length === 0) return of;
    const text = `${of.text}.${names.join('.')}`;
    if (of.kind === 'field') return { kind: 'field', at: last, text, names: [...of.names, ...names] };
    if (of.kind === 'variable') return { kind: 'variable', at: last, text, name: of.name, names };
    if (of.kind === 'constant' || of.kind === 'number' || of.kind === 'nil' || of.kind === 'dot') throw this.#error(`unexpected . after term ${JSON.stringify(of.text)}`);
    return { kind: 'chain', at: last, text, of, names };
  }

  #term(): Operand {
    const token = this.#take();
    const { at, text } = token;
    if (token.kind === '.') return { kind: 'dot', at, text };
    if (token.kind === 'field') return { kind: 'field', at, text, names: [text.slice(1)] };
    if (token.kind === 'variable') {
      this.#next--;
      this.#checkVariable(text);
      this.#next++;
      return { kind: 'variable', at, text, name: text, names: [] };
    }
    if (token.kind === 'string') return { kind: 'constant', at, text, value: this.#string(token) };
    if (token.kind === 'number' || token.kind === 'character') return this.#number(token);
    if (token.kind === '(') {
      const pipe = this.#pipeline('parenthesized pipeline', ')');
      return { kind: 'pipe', at, text: `(${this.#source.slice(pipe.at, this.#tokens[this.#next - 1]!.at).trim()})`, pipe };
    }
    if (text === 'true' || text === 'false') return { kind: 'constant', at, text, value: text === 'true' };
    if (text === 'nil') return { kind: 'nil', at, text };
    this.#next--;
    if (keywords.has(text)) throw this.#unexpected('operand');
    if (!this.#isFunction(text)) throw this.#error(`function ${JSON.stringify(text)} not defined`);
    this.#next++;
    return { kind: 'function', at, text, name: text };
  }

  #string(token: Token): string {
    const value = unquoteGo(token.text);
    if (value === null) throw this.#error('invalid syntax', this.#next - 1);
    return value;
  }

  #number(token: Token): NumberOperand {
    const { at, text } = token;
    if (token.kind === 'character') {
      const value = unquoteGo(text);
      const rune = value === null ? undefined : value.codePointAt(0);
      if (rune === undefined || value === null || Array.from(value).length !== 1) throw this.#error(`malformed character constant: ${text}`, this.#next - 1);
      return { kind: 'number', at, text, integer: BigInt(rune), float: rune, isFloat: false };
    }
    const bare = text.replaceAll('_', '');
    const integer = parseInteger(bare);
    const float = integer === null ? Number(bare) : Number(integer);
    if (Number.isNaN(float) || bare.endsWith('i')) throw this.#error(`bad number syntax: ${JSON.stringify(text)}`, this.#next - 1);
    const isFloat = integer === null;
    const whole = isFloat && Number.isInteger(float) && Math.abs(float) < 2 ** 63 ? BigInt(float) : null;
    if (!isFloat && integer !== null && (integer >= 2n ** 63n || integer < -(2n ** 63n))) throw this.#error(`integer overflow: ${JSON.stringify(text)}`, this.#next - 1);
    return { kind: 'number', at, text, integer: integer ?? whole, float, isFloat };
  }
}

/** A Go integer literal, base by its prefix; a leading 0 is octal. */
function parseInteger(text: string): bigint | null {
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)$/.exec(text);
  if (match === null) return null;
  const digits = match[2] ?? '0';
  const value = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits}`) : BigInt(digits.toLowerCase());
  return match[1] === '-' ? -value : value;
}

function startsOperand(kind: TokenKind): boolean {
  return ['word', 'field', 'variable', 'string', 'character', 'number', '.', '('].includes(kind);
}
