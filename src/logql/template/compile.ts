import { dayStartNs } from '../../model/mod.ts';
import type { Body, Command, Operand, Pipeline, TemplateNode } from './ast.ts';
import { isTemplateFunction, templateFunctions } from './functions/all.ts';
import type { AnyCall, Parameter, TemplateFunction } from './functions/spec.ts';
import { lineAt } from './lexer.ts';
import { parseTemplate, type ParsedTemplate } from './parse.ts';
import { printValue } from './print.ts';
import { Frame, type Flow, type TemplateRow } from './frame.ts';
import { GoTime } from './time.ts';
import { timeMethods } from './time-methods.ts';
import { isLabels, isList, isMap, isTrue, NamedInteger, sortedKeys, TemplateError, typeName, type GoValue } from './values.ts';

type Value = (frame: Frame) => GoValue;
type Action = (frame: Frame) => Flow;

/** A template made ready for many rows. */
export interface CompiledTemplate {
  /** Fields that the template names anywhere, each once. */
  readonly fields: readonly string[];
  /** The field, where the template is `{{.field}}` and nothing else. */
  readonly simpleField: string | null;
  /** The text for a row as UTF-8. Throws TemplateError with Go's words. */
  execute(row: TemplateRow): Buffer;
  /** As execute, as a string. */
  executeText(row: TemplateRow): string;
}

/** Loop rounds of one row, and depth of {{template}} calls. */
const roundsMax = 1_000_000;
const callsMax = 100;

/**
 * Compiles a Go text/template over labels with Loki's functions.
 * @param name what errors call it: `line` or `label`
 * @throws TemplateSyntaxError
 */
export function compileTemplate(name: string, source: string): CompiledTemplate {
  const parsed = parseTemplate(name, source, isTemplateFunction);
  const compiler = new TemplateCompiler(parsed);
  const run = compiler.body(parsed.body);
  const [only] = parsed.body;
  const operands = parsed.body.length === 1 && only?.kind === 'action' && only.pipe.commands.length === 1 ? only.pipe.commands[0]!.operands : [];
  const operand = operands.length === 1 ? operands[0] : undefined;
  const start = (row: TemplateRow): Frame => {
    const frame = new Frame(row, compiler.slots);
    run(frame);
    return frame;
  };
  return {
    fields: [...new Set(bodyFields(parsed.body))],
    simpleField: operand?.kind === 'field' && operand.names.length === 1 ? (operand.names[0] ?? null) : null,
    execute: (row) => start(row).bytes(),
    executeText: (row) => start(row).text(),
  };
}

function bodyFields(body: Body): string[] {
  return body.flatMap((node) => {
    if (node.kind === 'action') return pipeFields(node.pipe);
    if (node.kind === 'branch') return [...pipeFields(node.pipe), ...bodyFields(node.body), ...bodyFields(node.otherwise ?? [])];
    return [];
  });
}

function pipeFields(pipe: Pipeline): string[] {
  return pipe.commands.flatMap((command) =>
    command.operands.flatMap((operand) => (operand.kind === 'field' ? operand.names : operand.kind === 'pipe' ? pipeFields(operand.pipe) : [])),
  );
}

class TemplateCompiler {
  readonly #parsed: ParsedTemplate;
  readonly #named = new Map<string, Action>();
  #scope: { readonly name: string; readonly slot: number }[] = [];
  slots = 1;

  constructor(parsed: ParsedTemplate) {
    this.#parsed = parsed;
  }

  #fail(at: number, text: string, reason: string): TemplateError {
    const { name, source } = this.#parsed;
    const lineStart = source.lastIndexOf('\n', at - 1) + 1;
    const column = Buffer.byteLength(source.slice(lineStart, at)) + (lineStart > 0 ? 1 : 0);
    return new TemplateError(`template: ${name}:${lineAt(source, at)}:${column}: executing ${JSON.stringify(name)} at <${text}>: ${reason}`);
  }

  body(body: Body): Action {
    const scope = this.#scope.length;
    const actions = body.map((node) => this.#node(node));
    this.#scope.length = scope;
    if (actions.length === 1) return actions[0]!;
    return (frame) => {
      for (const action of actions) {
        const flow = action(frame);
        if (flow !== 'next') return flow;
      }
      return 'next';
    };
  }

  #node(node: TemplateNode): Action {
    if (node.kind === 'text') {
      return (frame) => {
        frame.write(node.text);
        return 'next';
      };
    }
    if (node.kind === 'break') return () => 'break';
    if (node.kind === 'continue') return () => 'continue';
    if (node.kind === 'action') return this.#action(node.pipe);
    if (node.kind === 'branch') return node.word === 'range' ? this.#range(node) : this.#branch(node);
    return this.#template(node);
  }

  #action(pipe: Pipeline): Action {
    const [command] = pipe.commands;
    const [operand] = command?.operands ?? [];
    if (pipe.commands.length === 1 && command?.operands.length === 1 && operand?.kind === 'function' && operand.name === '__line__' && pipe.declare.length === 0) {
      return (frame) => {
        frame.writeLine();
        return 'next';
      };
    }
    const value = this.#pipeline(pipe);
    if (pipe.declare.length > 0) {
      return (frame) => {
        value(frame);
        return 'next';
      };
    }
    return (frame) => {
      const result = value(frame);
      frame.write(typeof result === 'string' ? result : result === null || result === undefined ? '<no value>' : printValue(result));
      return 'next';
    };
  }

  #branch(node: Extract<TemplateNode, { kind: 'branch' }>): Action {
    const scope = this.#scope.length;
    const value = this.#pipeline(node.pipe);
    const body = this.body(node.body);
    const otherwise = node.otherwise === null ? null : this.body(node.otherwise);
    this.#scope.length = scope;
    const isWith = node.word === 'with';
    return (frame) => {
      const result = value(frame);
      if (!isTrue(result)) return otherwise === null ? 'next' : otherwise(frame);
      if (!isWith) return body(frame);
      const { dot } = frame;
      frame.dot = result;
      const flow = body(frame);
      frame.dot = dot;
      return flow;
    };
  }

  #range(node: Extract<TemplateNode, { kind: 'branch' }>): Action {
    const scope = this.#scope.length;
    const value = this.#pipeline({ ...node.pipe, declare: [] });
    const slots = node.pipe.declare.map((name) => (node.pipe.assign ? this.#slot(name) : this.#declare(name)));
    const body = this.body(node.body);
    this.#scope.length = scope;
    const otherwise = node.otherwise === null ? null : this.body(node.otherwise);
    // Go names what it evaluated last.
    const last = node.pipe.commands.at(-1)?.operands.at(-1);
    return (frame) => {
      const result = value(frame);
      const entries = rangeEntries(result);
      if (entries === null) throw this.#fail(last?.at ?? node.pipe.at, last?.text ?? '', `range can't iterate over ${printValue(result)}`);
      const { dot } = frame;
      let empty = true;
      for (const [key, element] of entries) {
        empty = false;
        if (++frame.rounds > roundsMax) throw new TemplateError(`over the limit of ${roundsMax} loop rounds`);
        if (slots.length === 1) frame.slots[slots[0]!] = element;
        else if (slots.length === 2) {
          frame.slots[slots[0]!] = key;
          frame.slots[slots[1]!] = element;
        }
        frame.dot = element;
        const flow = body(frame);
        if (flow === 'break') break;
      }
      frame.dot = dot;
      return empty && otherwise !== null ? otherwise(frame) : 'next';
    };
  }

  #template(node: Extract<TemplateNode, { kind: 'template' }>): Action {
    const pipe = node.pipe === null ? null : this.#pipeline(node.pipe);
    const { named } = this.#parsed;
    return (frame) => {
      const body = named.get(node.name);
      if (body === undefined) throw this.#fail(node.at, `{{template ${JSON.stringify(node.name)}}}`, `template ${JSON.stringify(node.name)} not defined`);
      let action = this.#named.get(node.name);
      if (action === undefined) {
        const scope = this.#scope;
        this.#scope = [];
        action = this.body(body);
        this.#scope = scope;
        this.#named.set(node.name, action);
      }
      if (++frame.calls > callsMax) throw this.#fail(node.at, node.name, `exceeded maximum template depth (${callsMax})`);
      const { dot, slots } = frame;
      const root = pipe === null ? undefined : pipe(frame);
      frame.dot = root;
      frame.slots = Array.from<GoValue>({ length: this.slots });
      frame.slots[0] = root;
      action(frame);
      frame.dot = dot;
      frame.slots = slots;
      frame.calls--;
      return 'next';
    };
  }

  #declare(name: string): number {
    const slot = this.slots++;
    this.#scope.push({ name, slot });
    return slot;
  }

  #slot(name: string): number {
    return name === '$' ? 0 : (this.#scope.findLast((known) => known.name === name)?.slot ?? 0);
  }

  #pipeline(pipe: Pipeline): Value {
    let value: Value | null = null;
    for (const command of pipe.commands) value = this.#command(command, value);
    const last = value ?? (() => undefined);
    const result: Value = (frame) => last(frame) ?? undefined;
    const [name] = pipe.declare;
    if (name === undefined) return result;
    const slot = pipe.assign ? this.#slot(name) : this.#declare(name);
    return (frame) => {
      const made = result(frame);
      frame.slots[slot] = made;
      return made;
    };
  }

  #command(command: Command, final: Value | null): Value {
    const [first, ...others] = command.operands;
    if (first === undefined) return () => undefined;
    const given = others.length > 0 || final !== null;
    if (first.kind === 'function') return this.#call(first.name, first, others, final);
    if (first.kind === 'field') return this.#fields((frame) => frame.dot, first, first.names, others, final);
    if (first.kind === 'chain') return this.#fields(this.#operand(first.of), first, first.names, others, final);
    if (first.kind === 'variable' && first.names.length > 0) return this.#fields(this.#variable(first.name), first, first.names, others, final);
    if (given) {
      return () => {
        throw this.#fail(first.at, first.text, `can't give argument to non-function ${first.text}`);
      };
    }
    if (first.kind === 'nil') {
      return () => {
        throw this.#fail(first.at, first.text, 'nil is not a command');
      };
    }
    return this.#operand(first);
  }

  #variable(name: string): Value {
    const slot = this.#slot(name);
    return (frame) => frame.slots[slot];
  }

  /** The value of an operand where any type will do. */
  #operand(operand: Operand): Value {
    if (operand.kind === 'dot') return (frame) => frame.dot;
    if (operand.kind === 'constant') return () => operand.value;
    if (operand.kind === 'number') {
      const value = operand.isFloat ? operand.float : operand.integer;
      return () => value;
    }
    if (operand.kind === 'field') return this.#fields((frame) => frame.dot, operand, operand.names, [], null);
    if (operand.kind === 'variable') return operand.names.length === 0 ? this.#variable(operand.name) : this.#fields(this.#variable(operand.name), operand, operand.names, [], null);
    if (operand.kind === 'chain') return this.#fields(this.#operand(operand.of), operand, operand.names, [], null);
    if (operand.kind === 'function') return this.#call(operand.name, operand, [], null);
    return operand.kind === 'pipe' ? this.#pipeline(operand.pipe) : () => null;
  }

  #fields(of: Value, node: Operand, names: readonly string[], others: readonly Operand[], final: Value | null): Value {
    let value = of;
    for (const [i, name] of names.entries()) {
      const last = i === names.length - 1;
      value = this.#field(value, node, name, last ? others : [], last ? final : null);
    }
    return value;
  }

  #field(of: Value, node: Operand, name: string, others: readonly Operand[], final: Value | null): Value {
    const given = others.length > 0 || final !== null;
    const method = timeMethods.get(name);
    const call = method === undefined ? null : this.#arguments(name, node, method, others, final);
    return (frame) => {
      const receiver = of(frame);
      if (receiver === undefined) return undefined;
      if (receiver instanceof GoTime && call !== null) return call(frame, [receiver]);
      if (isLabels(receiver) || isMap(receiver)) {
        if (given) throw this.#fail(node.at, node.text, `${name} is not a method but has arguments`);
        return isMap(receiver) ? (receiver.get(name) ?? null) : (receiver.get(name) ?? '');
      }
      if (receiver === null) throw this.#fail(node.at, node.text, `nil pointer evaluating interface {}.${name}`);
      throw this.#fail(node.at, node.text, `can't evaluate field ${name} in type ${typeName(receiver)}`);
    };
  }

  #call(name: string, node: Operand, others: readonly Operand[], final: Value | null): Value {
    if (name === 'and' || name === 'or') return this.#shortCircuit(name, node, others, final);
    const own = name === '__line__' ? lineFunction : name === '__timestamp__' ? timestampFunction : name === 'call' ? callFunction : templateFunctions.get(name);
    if (own === undefined) throw new TemplateError(`function ${JSON.stringify(name)} not defined`);
    const call = this.#arguments(name, node, own, others, final);
    if (name === '__line__') return (frame) => call(frame, [frame.lineText()]);
    if (name === '__timestamp__') return (frame) => call(frame, [GoTime.ofNs(dayStartNs(frame.row.day) + BigInt(frame.row.time))]);
    // Its error names the first argument as it is written.
    if (name === 'call') return (frame) => call(frame, [others[0]?.text ?? '']);
    return (frame) => call(frame, []);
  }

  #shortCircuit(name: 'and' | 'or', node: Operand, others: readonly Operand[], final: Value | null): Value {
    const values = others.map((other) => this.#operand(other));
    if (final !== null) values.push(final);
    if (values.length === 0) {
      return () => {
        throw this.#fail(node.at, node.text, `wrong number of args for ${name}: want at least 1 got 0`);
      };
    }
    return (frame) => {
      let result: GoValue;
      for (const value of values) {
        result = value(frame);
        if (isTrue(result) === (name === 'or')) return result;
      }
      return result;
    };
  }

  /** Evaluates and checks the arguments, then calls; `before` are values in front of them (the receiver of a method). */
  #arguments(name: string, node: Operand, own: TemplateFunction, others: readonly Operand[], final: Value | null): (frame: Frame, before: readonly GoValue[]) => GoValue {
    const { parameters, rest } = own;
    const count = others.length + (final === null ? 0 : 1);
    const wanted = parameters.length;
    if (rest === undefined ? count !== wanted : count < wanted) {
      const want = rest === undefined ? String(wanted) : `at least ${wanted}`;
      return () => {
        throw this.#fail(node.at, node.text, `wrong number of args for ${name}: want ${want} got ${count}`);
      };
    }
    const types = Array.from({ length: count }, (_, i): Parameter => parameters[i] ?? rest ?? 'any');
    const values = others.map((other, i) => this.#argument(other, types[i]!));
    const call = own.call as AnyCall;
    return (frame, before) => {
      const made: GoValue[] = [...before];
      for (const value of values) made.push(value(frame));
      if (final !== null) made.push(this.#checked(final(frame), types[count - 1]!, node));
      try {
        return call(...made);
      } catch (error) {
        if (error instanceof TemplateError) throw this.#fail(node.at, commandText(node, others), `error calling ${name}: ${error.message}`);
        throw error;
      }
    };
  }

  #argument(operand: Operand, type: Parameter): Value {
    const fail = (reason: string): Value => () => {
      throw this.#fail(operand.at, operand.text, reason);
    };
    if (operand.kind === 'nil') return type === 'any' ? () => null : fail(`cannot assign nil to ${goTypes[type]}`);
    if (operand.kind === 'number') {
      if (type === 'int') return operand.integer === null ? fail(`expected integer; found ${operand.text}`) : () => operand.integer;
      if (type === 'float') return () => operand.float;
      if (type !== 'any') return fail(type === 'string' ? `expected string; found ${operand.text}` : `can't handle ${operand.text} for arg of type time.Time`);
    }
    if (operand.kind === 'constant' && type !== 'any' && !(type === 'string' && typeof operand.value === 'string')) {
      return fail(type === 'time' ? `can't handle ${operand.text} for arg of type time.Time` : `expected ${type === 'int' ? 'integer' : type}; found ${operand.text}`);
    }
    const value = this.#operand(operand);
    return (frame) => this.#checked(value(frame), type, operand);
  }

  #checked(value: GoValue, type: Parameter, node: Operand): GoValue {
    if (type === 'any' || (type === 'string' && typeof value === 'string')) return value;
    if (value === undefined || value === null) throw this.#fail(node.at, node.text, `invalid value; expected ${goTypes[type]}`);
    const fits = (type === 'int' && typeof value === 'bigint') || (type === 'float' && typeof value === 'number') || (type === 'time' && value instanceof GoTime);
    if (!fits) throw this.#fail(node.at, node.text, `wrong type for value; expected ${goTypes[type]}; got ${typeName(value)}`);
    return value;
  }
}

const goTypes: Readonly<Record<Parameter, string>> = { string: 'string', int: 'int', float: 'float64', time: 'time.Time', any: 'interface {}' };

const lineFunction: TemplateFunction = { parameters: [], call: (line: string) => line };
const timestampFunction: TemplateFunction = { parameters: [], call: (time: GoTime) => time };
const callFunction: TemplateFunction = {
  parameters: ['any'],
  rest: 'any',
  call: (text: string, value: GoValue) => {
    throw new TemplateError(value === null || value === undefined ? 'call of nil' : `non-function ${text} of type ${typeName(value)}`);
  },
};

function commandText(node: Operand, others: readonly Operand[]): string {
  return [node.text, ...others.map((other) => other.text)].join(' ');
}

function* countTo(limit: bigint): Iterable<readonly [GoValue, GoValue]> {
  for (let i = 0n; i < limit; i++) yield [i, i];
}

/** Keys and elements to range over; null where the value is nothing to range over. */
function rangeEntries(value: GoValue): Iterable<readonly [GoValue, GoValue]> | null {
  if (value === null || value === undefined) return [];
  if (isList(value)) return value.map((element, i) => [BigInt(i), element] as const);
  if (isMap(value)) return sortedKeys(value).map((key) => [key, value.get(key)] as const);
  if (isLabels(value)) return value.entries();
  if (typeof value === 'bigint') return countTo(value);
  return value instanceof NamedInteger ? countTo(value.value) : null;
}
