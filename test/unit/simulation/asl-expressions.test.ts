import { describe, expect, test } from 'vitest';
import { ruleHolds } from '../../simulation/asl-choice.ts';
import {
  applyResultPath,
  type JsonObject,
  parsePath,
  readPath,
} from '../../simulation/asl-paths.ts';
import { evaluateExpression, fillTemplate, selectPath } from '../../simulation/asl-template.ts';

const context = { Execution: { Name: 'operation-1' } };
const data = {
  a: { b: [10, 20], 'x y': 'blank', "it's": 1 },
  items: [{ id: 1, tags: ['p', 'q'] }, { id: 2 }, { id: 3, tags: [] }],
  none: null,
  zero: 0,
};
const scope = { data, context };

describe('paths', () => {
  test.each<[string, unknown]>([
    ['$', data],
    ['$.a.b[1]', 20],
    ["$['a']['x y']", 'blank'],
    ["$.a['it\\'s']", 1],
    ['$.items[*].id', [1, 2, 3]],
    ['$.items[*].tags[*]', ['p', 'q']],
    ['$.items[*].missing', []],
    ['$$.Execution.Name', 'operation-1'],
    ['$.none', null],
    ['$.zero', 0],
    ['$.none.below', undefined],
    ['$.a.b[2]', undefined],
    ['$.a.b.length', undefined],
    ['$.constructor', undefined],
  ])('%s', (path, value) => {
    expect(readPath(parsePath(path), scope)).toEqual(value);
  });

  test('InputPath and OutputPath: absent is all, null is an empty object', () => {
    expect(selectPath(undefined, data, context, 'InputPath')).toBe(data);
    expect(selectPath(null, data, context, 'InputPath')).toEqual({});
    expect(selectPath('$$.Execution', data, context, 'InputPath')).toBe(context.Execution);
    expect(() => selectPath('$.no', data, context, 'InputPath')).toThrow(/States\.Runtime.*\$\.no/);
  });
});

describe('ResultPath', () => {
  test.each<[string | null | undefined, unknown]>([
    [undefined, 'r'],
    ['$', 'r'],
    [null, { a: { b: 1 }, c: 2 }],
    ['$.c', { a: { b: 1 }, c: 'r' }],
    ['$.a.d.e', { a: { b: 1, d: { e: 'r' } }, c: 2 }],
    ["$['new one']", { a: { b: 1 }, c: 2, 'new one': 'r' }],
  ])('%s', (path, output) => {
    const input = { a: { b: 1 }, c: 2 };
    expect(applyResultPath(path, input, 'r')).toEqual(output);
    expect(input).toEqual({ a: { b: 1 }, c: 2 });
  });

  test.each([
    ['$.x', [1]],
    ['$.x', 'text'],
    ['$.c.d', { c: 2 }],
  ])('%s into %j', (path, input) => {
    expect(() => applyResultPath(path, input, 'r')).toThrow(/States\.ResultPathMatchFailure/);
  });
});

describe('templates', () => {
  test('fills names ending in .$ at any depth and leaves the rest', () => {
    const template = {
      'first.$': '$.a.b[0]',
      nested: [{ 'name.$': '$$.Execution.Name' }, '$.a'],
      plain: { dollar: '$' },
    };
    expect(fillTemplate(template, scope)).toEqual({
      first: 10,
      nested: [{ name: 'operation-1' }, '$.a'],
      plain: { dollar: '$' },
    });
  });

  test('a path that leads nowhere is States.Runtime and names the field', () => {
    expect(() => fillTemplate({ 'x.$': '$.nope' }, scope)).toThrow(
      /States\.Runtime: The JSONPath '\$\.nope' specified for the field 'x\.\$'/,
    );
  });
});

describe('intrinsic functions', () => {
  test.each<[string, unknown]>([
    ["States.Format('{}-{}', $$.Execution.Name, $.zero)", 'operation-1-0'],
    ["States.Format('no places')", 'no places'],
    ["States.Format('\\{\\} it\\'s {}', $.none)", "{} it's null"],
    ["States.Format('{}', States.MathAdd($.a.b[0], -3))", '7'],
    ['States.JsonToString($.a.b)', '[10,20]'],
    ['States.StringToJson(\'{"a":[1]}\')', { a: [1] }],
    ['States.MathAdd(1, 2)', 3],
    ['States.ArrayLength($.items[*].id)', 3],
  ])('%s', (text, value) => {
    expect(evaluateExpression(text, scope, 'f')).toEqual(value);
  });

  test.each([
    ["States.Format('{}')", /States\.Runtime.*missing/],
    ["States.Format('', 1)", /0 places for 1 arguments/],
    ["States.Format('{}', $.a)", /not a plain value/],
    ["States.StringToJson('{')", /is not JSON/],
    ["States.MathAdd('1', 2)", /two numbers/],
    ['States.ArrayLength($.a)', /needs an array/],
    ['States.JsonToString($.nope)', /\$\.nope/],
    ['States.Format($.a', /DefinitionError.*expected/],
    ["States.Format('a') b", /the end expected/],
    ['States.Format(+)', /a value or States/],
  ])('%s fails', (text, reason) => {
    expect(() => {
      try {
        evaluateExpression(text, scope, 'f');
      } catch (error) {
        throw new Error(String(error));
      }
    }).toThrow(reason);
  });
});

describe('choice rules', () => {
  const facts = { s: 'b', n: 2, t: true, f: false, none: null, at: '2026-11-22T10:00:00Z', m: 3 };
  const holds = (rule: JsonObject) => ruleHolds(rule, { data: facts, context });

  test.each<[string, unknown, boolean]>([
    ['$.s StringEquals', 'b', true],
    ['$.s StringLessThan', 'c', true],
    ['$.s StringGreaterThanEquals', 'c', false],
    ['$.n StringEquals', '2', false],
    ['$.n NumericEquals', 2, true],
    ['$.n NumericLessThan', 2, false],
    ['$.n NumericLessThanEquals', 2, true],
    ['$.n NumericGreaterThan', 1, true],
    ['$.n NumericGreaterThanEquals', 3, false],
    ['$.s NumericEquals', 2, false],
    ['$.t BooleanEquals', true, true],
    ['$.f BooleanEquals', false, true],
    ['$.f BooleanEquals', true, false],
    ['$.n BooleanEquals', true, false],
    ['$.at TimestampEquals', '2026-11-22T11:00:00+01:00', true],
    ['$.at TimestampLessThan', '2026-11-22T10:00:01Z', true],
    ['$.s TimestampLessThan', '2026-11-22T10:00:01Z', false],
    ['$.m NumericGreaterThanPath', '$.n', true],
    ['$.s StringEqualsPath', '$$.Execution.Name', false],
    ['$.t BooleanEqualsPath', '$.f', false],
    ['$.none IsPresent', true, true],
    ['$.nope IsPresent', true, false],
    ['$.nope IsPresent', false, true],
    ['$.none IsNull', true, true],
    ['$.s IsString', true, true],
    ['$.n IsString', false, true],
    ['$.n IsNumeric', true, true],
    ['$.t IsBoolean', true, true],
    ['$.at IsTimestamp', true, true],
    ['$.s IsTimestamp', true, false],
  ])('%s %j is %j', (condition, operand, expected) => {
    const [variable = '', operator = ''] = condition.split(' ');
    expect(holds({ Variable: variable, [operator]: operand as string })).toBe(expected);
  });

  test('And, Or and Not combine, and stop early', () => {
    const yes = { Variable: '$.t', BooleanEquals: true };
    const no = { Variable: '$.f', BooleanEquals: true };
    const absent = { Variable: '$.nope', StringEquals: 'x' };
    expect(holds({ And: [yes, yes] })).toBe(true);
    expect(holds({ And: [{ Variable: '$.nope', IsPresent: true }, absent] })).toBe(false);
    expect(holds({ Or: [no, yes, absent] })).toBe(true);
    expect(holds({ Or: [no, no] })).toBe(false);
    expect(holds({ Not: no })).toBe(true);
    expect(holds({ Not: { And: [yes, { Or: [no, yes] }] } })).toBe(false);
  });

  test.each<[JsonObject]>([
    [{ Variable: '$.nope', StringEquals: 'x' }],
    [{ Variable: '$.nope', IsString: true }],
    [{ Variable: '$.s', StringEqualsPath: '$.nope' }],
  ])('%j: a missing value fails the execution', (rule) => {
    expect(() => holds(rule)).toThrow(/States\.Runtime.*\$\.nope/);
  });
});
