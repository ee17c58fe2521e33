import { DefinitionError, runtimeError, StatesError } from './asl-error.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'each' };

/** A path of the supported kinds: `$`, `$.a.b[0]`, `$['a b']`, `$.items[*].x`; `$$` the context. */
export interface Path {
  readonly text: string;
  readonly root: 'input' | 'context';
  readonly steps: readonly Step[];
}

/** What a state's expressions can see: its data (`$`) and the context object (`$$`). */
export interface Scope {
  readonly data: Json;
  readonly context: JsonObject;
}

const STEP = /\.([\p{L}_][\p{L}\p{N}_]*)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|(\[\*\])/uy;

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function parseSteps(text: string, start: number): Step[] {
  const steps: Step[] = [];
  STEP.lastIndex = start;
  while (STEP.lastIndex < text.length) {
    const at = STEP.lastIndex;
    const match = STEP.exec(text);
    if (!match) {
      throw new DefinitionError(
        `path "${text}" is not supported from "${text.slice(at)}" on: ` +
          `only names, ['names'], [numbers] and [*] are`,
      );
    }
    const [, name, index, quoted] = match;
    if (name !== undefined) steps.push({ kind: 'field', name });
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) });
    else if (quoted !== undefined)
      steps.push({ kind: 'field', name: quoted.replaceAll(/\\(.)/gu, '$1') });
    else steps.push({ kind: 'each' });
  }
  return steps;
}

/** Paths come from definitions, so there are few; parsing each again would be most of a run. */
const parsed = new Map<string, Path>();

/** @throws DefinitionError for anything that is not a supported path. */
export function parsePath(text: string): Path {
  const known = parsed.get(text);
  if (known) return known;
  if (!text.startsWith('$')) throw new DefinitionError(`path "${text}" does not begin with "$"`);
  const context = text.startsWith('$$');
  const path: Path = {
    text,
    root: context ? 'context' : 'input',
    steps: parseSteps(text, context ? 2 : 1),
  };
  parsed.set(text, path);
  return path;
}

/** A path that names one place: what ItemsPath, Variable, SecondsPath and the like must be. */
export function parseReferencePath(text: string): Path {
  const path = parsePath(text);
  if (path.steps.some((step) => step.kind === 'each')) {
    throw new DefinitionError(`path "${text}" names more than one place`);
  }
  return path;
}

/** @throws DefinitionError unless the path is `$` or fields of the input: `$.a.b`, `$['a b']`. */
export function parseResultPath(text: string): Path {
  const path = parseReferencePath(text);
  if (path.root === 'context' || path.steps.some((step) => step.kind !== 'field')) {
    throw new DefinitionError(`ResultPath "${text}" may only be made of names`);
  }
  return path;
}

function childrenOf(value: Json): readonly Json[] {
  if (isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

function takeStep(value: Json, step: Step): readonly Json[] {
  if (step.kind === 'each') return childrenOf(value);
  if (step.kind === 'index') {
    const element = isArray(value) ? value[step.index] : undefined;
    return element === undefined ? [] : [element];
  }
  const member = isObject(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined;
  return member === undefined ? [] : [member];
}

/** The value at a path; undefined when there is none. A path with `[*]` yields an array. */
export function readPath(path: Path, scope: Scope): Json | undefined {
  let values: readonly Json[] = [path.root === 'context' ? scope.context : scope.data];
  for (const step of path.steps) values = values.flatMap((value) => takeStep(value, step));
  return path.steps.some((step) => step.kind === 'each') ? values : values[0];
}

/** @throws StatesError States.Runtime when nothing is there, as AWS does. */
export function requirePath(path: Path, scope: Scope, field: string): Json {
  const value = readPath(path, scope);
  if (value === undefined) {
    const place = path.root === 'context' ? scope.context : scope.data;
    throw runtimeError(
      `The JSONPath '${path.text}' specified for the field '${field}' could not be found in ` +
        `the input '${JSON.stringify(place)}'`,
    );
  }
  return value;
}

function place(target: Json | undefined, names: readonly string[], result: Json): Json {
  const [name, ...rest] = names;
  if (name === undefined) return result;
  if (target !== undefined && !isObject(target)) {
    throw new StatesError(
      'States.ResultPathMatchFailure',
      `Unable to apply '${name}' of a ResultPath to input '${JSON.stringify(target)}'`,
    );
  }
  return { ...target, [name]: place(target?.[name], rest, result) };
}

/**
 * What ResultPath makes of a state's raw input and its result: `null` drops the result.
 * @throws StatesError States.ResultPathMatchFailure where the input has no room for it
 */
export function applyResultPath(path: string | null | undefined, input: Json, result: Json): Json {
  if (path === null) return input;
  const names = parseResultPath(path ?? '$').steps.map((step) =>
    step.kind === 'field' ? step.name : '',
  );
  return place(input, names, result);
}
