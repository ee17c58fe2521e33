import { DefinitionError } from './asl-error.ts';
import { evaluateIntrinsic, parseIntrinsic } from './asl-intrinsics.ts';
import {
  isArray,
  isObject,
  type Json,
  type JsonObject,
  parsePath,
  requirePath,
  type Scope,
} from './asl-paths.ts';

/** A path or an intrinsic function, evaluated. */
export function evaluateExpression(text: string, scope: Scope, field: string): Json {
  if (text.startsWith('States.')) return evaluateIntrinsic(parseIntrinsic(text), scope);
  return requirePath(parsePath(text), scope, field);
}

/** @throws DefinitionError unless the text is a supported path or intrinsic function. */
export function checkExpression(text: string): void {
  if (text.startsWith('States.')) parseIntrinsic(text);
  else parsePath(text);
}

/** Checks every `name.$` of a payload template (Parameters, ResultSelector, ItemSelector). */
export function checkTemplate(template: Json): void {
  if (isArray(template)) {
    for (const element of template) checkTemplate(element);
  } else if (isObject(template)) {
    for (const [key, value] of Object.entries(template)) {
      if (!key.endsWith('.$')) checkTemplate(value);
      else if (typeof value === 'string') checkExpression(value);
      else throw new DefinitionError(`"${key}" must be a path or an intrinsic function`);
    }
  }
}

/** Fills a payload template. @throws StatesError States.Runtime for a path that leads nowhere. */
export function fillTemplate(template: Json, scope: Scope): Json {
  if (isArray(template)) return template.map((element) => fillTemplate(element, scope));
  if (!isObject(template)) return template;
  const filled: Record<string, Json> = {};
  for (const [key, value] of Object.entries(template)) {
    if (!key.endsWith('.$')) filled[key] = fillTemplate(value, scope);
    else filled[key.slice(0, -2)] = evaluateExpression(String(value), scope, key);
  }
  return filled;
}

/** InputPath and OutputPath: absent is everything, `null` is an empty object. */
export function selectPath(
  path: string | null | undefined,
  data: Json,
  context: JsonObject,
  field: string,
): Json {
  if (path === null) return {};
  return path === undefined ? data : requirePath(parsePath(path), { data, context }, field);
}
