import { DefinitionError, runtimeError } from './asl-error.ts';
import {
  isObject,
  type Json,
  type JsonObject,
  parseReferencePath,
  readPath,
  requirePath,
  type Scope,
} from './asl-paths.ts';

/** A rule or a condition inside And, Or, Not; `checkRule` has looked at it. */
export type ChoiceRule = JsonObject;

type Comparable = 'String' | 'Numeric' | 'Boolean' | 'Timestamp';

const ORDERINGS: Record<string, (order: number) => boolean> = {
  Equals: (order) => order === 0,
  LessThan: (order) => order < 0,
  LessThanEquals: (order) => order <= 0,
  GreaterThan: (order) => order > 0,
  GreaterThanEquals: (order) => order >= 0,
};

const COMPARISON =
  /^(String|Numeric|Boolean|Timestamp)((?:Less|Greater)Than(?:Equals)?|Equals)(Path)?$/u;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/u;
const COMBINATIONS = ['And', 'Or', 'Not'] as const;

/** Milliseconds of an RFC 3339 time with its T and Z; undefined for anything else. */
export function parseTimestamp(value: Json | undefined): number | undefined {
  if (typeof value !== 'string' || !TIMESTAMP.test(value)) return undefined;
  const milliseconds = Date.parse(value);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

const TYPE_TESTS: Record<string, (value: Json | undefined) => boolean> = {
  IsPresent: (value) => value !== undefined,
  IsNull: (value) => value === null,
  IsString: (value) => typeof value === 'string',
  IsNumeric: (value) => typeof value === 'number',
  IsBoolean: (value) => typeof value === 'boolean',
  IsTimestamp: (value) => parseTimestamp(value) !== undefined,
};

/** The value as something that can be ordered; undefined when it is of another type. */
function comparable(type: Comparable, value: Json | undefined): string | number | undefined {
  if (type === 'String') return typeof value === 'string' ? value : undefined;
  if (type === 'Numeric') return typeof value === 'number' ? value : undefined;
  if (type === 'Boolean') return typeof value === 'boolean' ? Number(value) : undefined;
  return parseTimestamp(value);
}

function compare(left: string | number, right: string | number): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

interface Comparison {
  readonly type: Comparable;
  readonly matches: (order: number) => boolean;
  readonly byPath: boolean;
}

function parseComparison(operator: string): Comparison | undefined {
  const [, type, ordering = '', path] = COMPARISON.exec(operator) ?? [];
  const matches = ORDERINGS[ordering];
  if (!type || !matches || (type === 'Boolean' && ordering !== 'Equals')) return undefined;
  return { type: type as Comparable, matches, byPath: path !== undefined };
}

/** The one field of a condition that says what is compared. */
function operatorOf(rule: ChoiceRule): string {
  const operators = Object.keys(rule).filter(
    (key) => !['Variable', 'Next', 'Comment'].includes(key),
  );
  const [operator] = operators;
  if (operator === undefined || operators.length > 1) {
    throw new DefinitionError(`a choice rule needs one operator, found [${operators.join(', ')}]`);
  }
  return operator;
}

function conditionsOf(operator: string, operand: Json | undefined): readonly ChoiceRule[] {
  const conditions = operator === 'Not' ? [operand] : operand;
  if (!Array.isArray(conditions) || conditions.length === 0 || !conditions.every(isObject)) {
    throw new DefinitionError(`${operator} needs ${operator === 'Not' ? 'a rule' : 'rules'}`);
  }
  return conditions;
}

function isCombination(operator: string): boolean {
  return COMBINATIONS.some((name) => name === operator);
}

function checkOperand(operator: string, operand: Json | undefined): void {
  if (operator in TYPE_TESTS) {
    if (typeof operand !== 'boolean') throw new DefinitionError(`${operator} must be a boolean`);
    return;
  }
  const comparison = parseComparison(operator);
  if (!comparison) throw new DefinitionError(`choice operator "${operator}" is not supported`);
  if (comparison.byPath) parseReferencePath(String(operand));
  else if (comparable(comparison.type, operand) === undefined) {
    throw new DefinitionError(`${operator} cannot be compared with ${JSON.stringify(operand)}`);
  }
}

/** @throws DefinitionError for an operator or an operand the interpreter does not know. */
export function checkRule(rule: ChoiceRule, nested = false): void {
  if (nested && 'Next' in rule) throw new DefinitionError('a nested rule cannot have a Next');
  const operator = operatorOf(rule);
  if (isCombination(operator)) {
    if ('Variable' in rule) throw new DefinitionError(`${operator} takes no Variable`);
    for (const condition of conditionsOf(operator, rule[operator])) checkRule(condition, true);
    return;
  }
  if (typeof rule['Variable'] !== 'string') throw new DefinitionError('Variable must be a path');
  parseReferencePath(rule['Variable']);
  checkOperand(operator, rule[operator]);
}

/**
 * Whether a rule holds. And and Or stop early, so IsPresent can guard what follows it. A value of
 * another type than the operator's is false; a missing one fails the execution, as on AWS.
 * @throws StatesError States.Runtime for a Variable or path operand that is not there
 */
export function ruleHolds(rule: ChoiceRule, scope: Scope): boolean {
  const operator = operatorOf(rule);
  const operand = rule[operator];
  if (isCombination(operator)) {
    const conditions = conditionsOf(operator, operand);
    if (operator === 'And') return conditions.every((inner) => ruleHolds(inner, scope));
    const some = conditions.some((inner) => ruleHolds(inner, scope));
    return operator === 'Not' ? !some : some;
  }
  const path = parseReferencePath(String(rule['Variable']));
  const value = readPath(path, scope);
  const typeTest = TYPE_TESTS[operator];
  if (typeTest && (operator === 'IsPresent' || value !== undefined)) {
    return typeTest(value) === operand;
  }
  if (value === undefined) {
    throw runtimeError(
      `Invalid path '${path.text}': The choice state's condition path references an invalid value.`,
    );
  }
  const comparison = parseComparison(operator);
  if (!comparison) throw new DefinitionError(`choice operator "${operator}" is not supported`);
  const other = comparison.byPath
    ? requirePath(parseReferencePath(String(operand)), scope, operator)
    : operand;
  const left = comparable(comparison.type, value);
  const right = comparable(comparison.type, other);
  return left !== undefined && right !== undefined && comparison.matches(compare(left, right));
}
