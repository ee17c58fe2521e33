import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  changeExpression,
  guardExpression,
  keyExpression,
  Placeholders,
} from '../../../functions/adapters/dynamodb-expressions.ts';

/** Everything an expression may consist of once names and values are placeholders. */
const WORDS =
  /^(SET|ADD|DELETE|REMOVE|AND|IN|BETWEEN|attribute_exists|attribute_not_exists|begins_with|#n\d+|:v\d+|[=<>]+|[(), ])*$/;

const name = fc.string({ minLength: 1 }).filter((text) => text !== 'pk' && text !== 'sk');
const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean());

/** Each placeholder in the expression is defined, and each defined one is used. */
function expectComplete(expression: string, placeholders: Placeholders): void {
  expect(expression).toMatch(WORDS);
  const members = placeholders.members();
  const used = new Set(expression.match(/[#:][nv]\d+/g));
  const defined = [
    ...Object.keys(members.ExpressionAttributeNames ?? {}),
    ...Object.keys(members.ExpressionAttributeValues ?? {}),
  ];
  expect(defined.toSorted()).toEqual([...used].toSorted());
}

describe('expressions', () => {
  test('O2: no name or value of a guard becomes part of its expression', () => {
    fc.assert(
      fc.property(
        fc.dictionary(name, scalar),
        fc.dictionary(name, fc.array(scalar, { minLength: 1, maxLength: 5 })),
        fc.array(name),
        (equals, oneOf, without) => {
          const placeholders = new Placeholders();
          const guard = { row: 'present', equals, oneOf, without } as const;
          expectComplete(guardExpression(guard, placeholders), placeholders);
        },
      ),
    );
  });

  test('O2: no name or value of a change becomes part of its expression', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 5, maxLength: 9 }), scalar, (names, value) => {
        const [set = '', add = '', join = '', leave = '', ...unset] = names;
        const placeholders = new Placeholders();
        const change = {
          set: { [set]: value },
          add: { [add]: 1 },
          addToSet: { [join]: [String(value)] },
          removeFromSet: { [leave]: ['x'] },
          unset,
        };
        expectComplete(changeExpression(change, placeholders), placeholders);
      }),
    );
  });

  test('O2: no key becomes part of a key condition', () => {
    const range = fc.oneof(
      fc.record({ prefix: fc.string() }),
      fc.record({ from: fc.string(), to: fc.string() }, { requiredKeys: [] }),
      fc.constant(undefined),
    );
    fc.assert(
      fc.property(fc.string(), range, (pk, sk) => {
        const placeholders = new Placeholders();
        const query = sk === undefined ? { pk } : { pk, sk };
        const expression = keyExpression(query, { pk: 'lazyPk', sk: 'lazySk' }, placeholders);
        expectComplete(expression, placeholders);
      }),
    );
  });

  test('a name that occurs twice has one placeholder', () => {
    const placeholders = new Placeholders();
    const guard = { row: 'present', equals: { state: 'a' }, without: ['state'] } as const;
    expect(guardExpression(guard, placeholders)).toBe(
      'attribute_exists(#n0) AND #n1 = :v0 AND attribute_not_exists(#n1)',
    );
    expect(placeholders.members()).toEqual({
      ExpressionAttributeNames: { '#n0': 'pk', '#n1': 'state' },
      ExpressionAttributeValues: { ':v0': 'a' },
    });
  });
});
