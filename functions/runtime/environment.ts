/** Reading what the infrastructure tells a function. */
import type { EnvName } from '../contract/env.ts';
import { plainFault } from './plain-faults.ts';

/**
 * The variables asked for.
 * @throws Error naming all that are missing at once
 */
export function readEnvironment<const N extends EnvName>(
  names: readonly N[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<Record<N, string>> {
  const missing = names.filter((name) => !env[name]);
  if (missing.length > 0) {
    throw plainFault(new Error(`the function's environment lacks ${missing.join(', ')}`));
  }
  return Object.fromEntries(names.map((name) => [name, env[name]])) as Record<N, string>;
}

/** A whole number from the environment. @throws Error naming the variable */
export function readNumber(name: EnvName): number {
  const text = readEnvironment([name])[name];
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new Error(`${name} is ${JSON.stringify(text)}, allowed is a whole number from 0 on`);
  }
  return value;
}

/** JSON from the environment. @throws Error naming the variable */
export function readJson(name: EnvName): unknown {
  const text = readEnvironment([name])[name];
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${name} is not JSON`, { cause });
  }
}
