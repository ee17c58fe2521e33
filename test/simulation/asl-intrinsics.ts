import { DefinitionError, runtimeError } from './asl-error.ts';
import { isArray, type Json, type Path, parsePath, requirePath, type Scope } from './asl-paths.ts';

type Argument =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'call'; readonly call: Intrinsic };

/** A call of an intrinsic function, checked: `States.Format('{}-{}', $.a, States.MathAdd($.n, 1))`. */
export interface Intrinsic {
  readonly text: string;
  readonly name: IntrinsicName;
  readonly args: readonly Argument[];
}

type IntrinsicFunction = (args: readonly Json[]) => Json;

/** Format replaces each `{}`; a backslash keeps the next character as it is. */
const format: IntrinsicFunction = ([template, ...values]) => {
  if (typeof template !== 'string') throw runtimeError('States.Format needs a template string');
  let used = 0;
  const text = template.replaceAll(/\\(.)|\{\}/gsu, (_, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    const value = values[used++];
    if (value === undefined || (typeof value === 'object' && value !== null)) {
      throw runtimeError(`States.Format: argument ${used} is missing or not a plain value`);
    }
    return String(value);
  });
  if (used !== values.length) {
    throw runtimeError(`States.Format: ${used} places for ${values.length} arguments`);
  }
  return text;
};

const stringToJson: IntrinsicFunction = ([text]) => {
  if (typeof text !== 'string') throw runtimeError('States.StringToJson needs a string');
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw runtimeError(`States.StringToJson: '${text}' is not JSON`);
  }
};

const mathAdd: IntrinsicFunction = ([left, right]) => {
  if (typeof left !== 'number' || typeof right !== 'number') {
    throw runtimeError('States.MathAdd needs two numbers');
  }
  return Math.round(left) + Math.round(right);
};

const arrayLength: IntrinsicFunction = ([array]) => {
  if (!isArray(array)) throw runtimeError('States.ArrayLength needs an array');
  return array.length;
};

const FUNCTIONS = {
  'States.Format': { arity: undefined, run: format },
  'States.JsonToString': { arity: 1, run: ([value]) => JSON.stringify(value) },
  'States.StringToJson': { arity: 1, run: stringToJson },
  'States.MathAdd': { arity: 2, run: mathAdd },
  'States.ArrayLength': { arity: 1, run: arrayLength },
} as const satisfies Record<string, { arity: number | undefined; run: IntrinsicFunction }>;

type IntrinsicName = keyof typeof FUNCTIONS;

class Reader {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Reads what the sticky pattern matches, and the blanks after it. */
  take(pattern: RegExp): string | undefined {
    const sticky = new RegExp(pattern.source, 'uy');
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text)?.[0];
    if (found === undefined) return undefined;
    this.at += found.length;
    while (this.text[this.at] === ' ') this.at += 1;
    return found;
  }

  fail(wanted: string): never {
    throw new DefinitionError(
      `intrinsic "${this.text}": ${wanted} expected at "${this.text.slice(this.at)}"`,
    );
  }
}

function readArgument(reader: Reader): Argument {
  const quoted = reader.take(/'(?:[^'\\]|\\.)*'/);
  if (quoted !== undefined) {
    // A quote is unescaped here, everything else by Format itself.
    return { kind: 'literal', value: quoted.slice(1, -1).replaceAll("\\'", "'") };
  }
  const path = reader.take(/\$(?:[^,()\s']|'(?:[^'\\]|\\.)*')*/);
  if (path !== undefined) return { kind: 'path', path: parsePath(path) };
  const literal = reader.take(/-?\d+(?:\.\d+)?|true\b|false\b|null\b/);
  if (literal !== undefined) return { kind: 'literal', value: JSON.parse(literal) as Json };
  return { kind: 'call', call: readCall(reader) };
}

function readCall(reader: Reader): Intrinsic {
  const name = reader.take(/States\.\w+/) ?? reader.fail('a value or States.…');
  if (!Object.hasOwn(FUNCTIONS, name)) {
    throw new DefinitionError(
      `intrinsic function "${name}" is not supported, only ${Object.keys(FUNCTIONS).join(', ')}`,
    );
  }
  reader.take(/\(/) ?? reader.fail('"("');
  const args: Argument[] = [];
  while (reader.take(/\)/) === undefined) {
    if (args.length > 0) reader.take(/,/) ?? reader.fail('"," or ")"');
    args.push(readArgument(reader));
  }
  const known = name as IntrinsicName;
  const { arity } = FUNCTIONS[known];
  if (arity !== undefined && arity !== args.length) {
    throw new DefinitionError(`${name} takes ${arity} arguments, ${args.length} are given`);
  }
  return { text: reader.text, name: known, args };
}

/** @throws DefinitionError for an unknown function, wrong syntax or wrong number of arguments. */
export function parseIntrinsic(text: string): Intrinsic {
  const reader = new Reader(text);
  const call = readCall(reader);
  if (reader.at < text.length) reader.fail('the end');
  return call;
}

/** @throws StatesError States.Runtime when an argument is missing or of the wrong type. */
export function evaluateIntrinsic(call: Intrinsic, scope: Scope): Json {
  const args = call.args.map((arg): Json => {
    if (arg.kind === 'literal') return arg.value;
    if (arg.kind === 'path') return requirePath(arg.path, scope, call.name);
    return evaluateIntrinsic(arg.call, scope);
  });
  return FUNCTIONS[call.name].run(args);
}
