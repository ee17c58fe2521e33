/** Tokens of a definition, `${ResolveAccountFunctionArn}`: what CDK puts in, tests put in too. */
import { DefinitionError } from './asl-error.ts';
import { isArray, isObject, type Json } from './asl-paths.ts';

export const FUNCTION_TOKEN = /^\$\{([A-Za-z][A-Za-z0-9]*)\}$/u;

/** The name in `${ResolveAccountFunctionArn}`. */
export function tokenOf(functionName: string): string {
  const [, token] = FUNCTION_TOKEN.exec(functionName) ?? [];
  if (token === undefined) throw new DefinitionError(`"${functionName}" is not a token`);
  return token;
}

export type Substitutions = Readonly<Record<string, string | number>>;

/** Puts values in the place of tokens; whole-string tokens keep the value's type, as numbers do. */
export function substitute(value: Json, substitutions: Substitutions, key = ''): Json {
  if (isArray(value)) return value.map((element) => substitute(element, substitutions));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        substitute(member, substitutions, name),
      ]),
    );
  }
  if (typeof value !== 'string' || key === 'FunctionName' || key === 'Comment') return value;
  const [, token] = FUNCTION_TOKEN.exec(value) ?? [];
  if (token === undefined) return value;
  const replacement = substitutions[token];
  if (replacement === undefined) {
    throw new DefinitionError(`"${key}" is the token "${value}", and no value is given for it`);
  }
  return replacement;
}
