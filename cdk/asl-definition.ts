/** State machine definitions are files with tokens, `${EraseRangeFunctionArn}`; this fills them. */

const TOKEN = /\$\{([A-Za-z0-9]+)\}/g;
const WHOLE_TOKEN = /^\$\{([A-Za-z0-9]+)\}$/;

export interface TokenSupply {
  /** Names of tokens that CloudFormation replaces by texts. */
  readonly texts: readonly string[];
  /** Tokens that stand, in quotes, where the definition must have a number. */
  readonly numbers: Readonly<Record<string, number>>;
}

export interface FilledDefinition {
  /** JSON with its numbers in place; only text tokens are left. */
  readonly definition: string;
  readonly hasDistributedMap: boolean;
}

/**
 * Puts the numbers in and checks that every token is supplied and every supplied token used.
 * @param name what to call the definition in messages, such as its path.
 * @throws Error naming every token that is missing, unused or misplaced, or the JSON's fault.
 */
export function fillDefinition(name: string, text: string, supply: TokenSupply): FilledDefinition {
  const numbers = new Map(Object.entries(supply.numbers));
  let hasDistributedMap = false;
  const filled: unknown = parseJson(name, text, (key, value) => {
    if (key === 'Mode' && value === 'DISTRIBUTED') hasDistributedMap = true;
    const token = typeof value === 'string' ? WHOLE_TOKEN.exec(value)?.[1] : undefined;
    return (token === undefined ? undefined : numbers.get(token)) ?? value;
  });
  const definition = JSON.stringify(filled);
  const found = tokensOf(text);
  const left = tokensOf(definition);
  const supplied = [...supply.texts, ...numbers.keys()];
  const problems = [
    ...[...found]
      .filter((token) => !supplied.includes(token))
      .map((token) => `\${${token}} is not supplied`),
    ...supplied
      .filter((token) => !found.has(token))
      .map((token) => `\${${token}} is supplied but not used`),
    ...[...left]
      .filter((token) => numbers.has(token))
      .map((token) => `\${${token}} is a number: it must be all of a value`),
  ];
  if (problems.length > 0) throw new Error(`${name}: ${problems.join('; ')}`);
  return { definition, hasDistributedMap };
}

function tokensOf(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(TOKEN)].map(([, token = '']) => token));
}

function parseJson(
  name: string,
  text: string,
  reviver: (key: string, value: unknown) => unknown,
): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch (error) {
    throw new Error(`${name}: not JSON (${(error as Error).message})`, { cause: error });
  }
}
