import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { fillDefinition } from '../../cdk/asl-definition.ts';
import { STATE_MACHINES_DIRECTORY } from '../../cdk/machines.ts';

/** As it stands in a definition: a dollar sign and braces around a name. */
const token = (name: string) => `\${${name}}`;

const definitionFiles = readdirSync(STATE_MACHINES_DIRECTORY);

/** A definition as Step Functions gets it: function tokens are texts, all others numbers. */
function substituted(text: string): object {
  const tokens = [...text.matchAll(/\$\{([A-Za-z0-9]+)\}/g)].map(([, token = '']) => token);
  const texts = tokens.filter((token) => token.endsWith('Arn'));
  const numbers = Object.fromEntries(
    tokens.filter((token) => !token.endsWith('Arn')).map((token) => [token, 1]),
  );
  const { definition } = fillDefinition('definition', text, { texts, numbers });
  const arn = (token: string) => `arn:aws:lambda:eu-central-1:123456789012:function:${token}`;
  return JSON.parse(definition.replaceAll(/\$\{([A-Za-z0-9]+)\}/g, (_, token) => arn(token)));
}

describe('definitions in statemachines/', () => {
  test('there are some', () => {
    expect(definitionFiles).toContain('delete-account.asl.json');
  });

  test.each(definitionFiles)(
    '%s is sound Amazon States Language once its tokens are filled',
    (file) => {
      const { isValid, errorsText } = validate(
        substituted(readFileSync(join(STATE_MACHINES_DIRECTORY, file), 'utf8')),
      );
      expect(isValid ? '' : errorsText()).toBe('');
    },
  );

  test('the check does find a state that leads nowhere', () => {
    const text = readFileSync(join(STATE_MACHINES_DIRECTORY, 'delete-account.asl.json'), 'utf8');
    const { isValid, errorsText } = validate(
      substituted(text.replace('"Next": "Fence account"', '"Next": "Fence the account"')),
    );
    expect(isValid).toBe(false);
    expect(errorsText()).toContain('MISSING_TRANSITION_TARGET');
  });
});

describe('tokens', () => {
  const fill = (definition: object, supply: Partial<Parameters<typeof fillDefinition>[2]>) =>
    fillDefinition('machine.asl.json', JSON.stringify(definition), {
      texts: [],
      numbers: {},
      ...supply,
    });

  test('texts stay for CloudFormation, numbers are put in', () => {
    const { definition } = fill(
      { Resource: token('StepFunctionArn'), MaxConcurrency: token('Most') },
      { texts: ['StepFunctionArn'], numbers: { Most: 8 } },
    );
    expect(JSON.parse(definition)).toEqual({
      Resource: token('StepFunctionArn'),
      MaxConcurrency: 8,
    });
  });

  test('a token that nobody supplies is named', () => {
    expect(() => fill({ a: token('One'), b: token('Two') }, {})).toThrow(
      `machine.asl.json: ${token('One')} is not supplied; ${token('Two')} is not supplied`,
    );
  });

  test('a supplied token that the definition does not use is named', () => {
    expect(() =>
      fill({ a: token('One') }, { texts: ['One', 'Two'], numbers: { Three: 3 } }),
    ).toThrow(
      `machine.asl.json: ${token('Two')} is supplied but not used; ${token('Three')} is supplied but`,
    );
  });

  test('a number amid a text is refused', () => {
    expect(() => fill({ a: `at most ${token('Most')}` }, { numbers: { Most: 8 } })).toThrow(
      `${token('Most')} is a number: it must be all of a value`,
    );
  });

  test('a definition that is not JSON is named', () => {
    const supply = { texts: [], numbers: {} };
    expect(() => fillDefinition('machine.asl.json', '{', supply)).toThrow(
      'machine.asl.json: not JSON',
    );
  });

  test('a Distributed Map is noticed, because it needs rights of its own', () => {
    const map = (Mode: string) => ({ ItemProcessor: { ProcessorConfig: { Mode } } });
    expect(fill(map('DISTRIBUTED'), {}).hasDistributedMap).toBe(true);
    expect(fill(map('INLINE'), {}).hasDistributedMap).toBe(false);
  });
});
