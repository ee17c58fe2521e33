import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { checkRule } from './asl-choice.ts';
import { DefinitionError } from './asl-error.ts';
import { checkReferences } from './asl-graph.ts';
import {
  isObject,
  type Json,
  type JsonObject,
  parsePath,
  parseReferencePath,
  parseResultPath,
} from './asl-paths.ts';
import { checkExpression, checkTemplate } from './asl-template.ts';
import { FUNCTION_TOKEN, type Substitutions, substitute } from './asl-tokens.ts';

/** Turns a parser's DefinitionError into an issue at the place where the field stands. */
function checkedBy<T>(check: (value: T) => void): (value: T, context: z.RefinementCtx<T>) => void {
  return (value, context) => {
    try {
      check(value);
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  };
}

const path = z.string().superRefine(checkedBy(parsePath));
const referencePath = z.string().superRefine(checkedBy(parseReferencePath));
const resultPath = z.string().superRefine(checkedBy(parseResultPath));
const expression = z.string().superRefine(checkedBy(checkExpression));
const jsonObject = z.custom<JsonObject>((value) => isObject(value as Json), 'must be an object');
const template = jsonObject.superRefine(checkedBy(checkTemplate));
const rule = jsonObject.superRefine(checkedBy((value) => checkRule(value)));
const count = z.int().min(0);

const comment = { Comment: z.string().optional() };
const transition = { Next: z.string().optional(), End: z.literal(true).optional() };
const inputOutput = { InputPath: path.nullish(), OutputPath: path.nullish() };
const result = { ResultPath: resultPath.nullish() };

/** States.Runtime is matched by nothing on AWS: naming it is a mistake. */
const errorEquals = z
  .array(z.string().refine((name) => name !== 'States.Runtime', 'States.Runtime is never matched'))
  .min(1)
  .refine((names) => names.length === 1 || !names.includes('States.ALL'), {
    message: 'States.ALL must stand alone',
  });

const retrier = z.strictObject({
  ...comment,
  ErrorEquals: errorEquals,
  IntervalSeconds: z.int().min(1).optional(),
  BackoffRate: z.number().min(1).optional(),
  MaxAttempts: count.optional(),
  MaxDelaySeconds: z.int().min(1).optional(),
  JitterStrategy: z.enum(['FULL', 'NONE']).optional(),
});
export type Retrier = z.infer<typeof retrier>;

const catcher = z.strictObject({
  ...comment,
  ErrorEquals: errorEquals,
  ResultPath: resultPath.nullish(),
  Next: z.string(),
});
export type Catcher = z.infer<typeof catcher>;

function allIsLast(rules: readonly { readonly ErrorEquals: readonly string[] }[]): boolean {
  return rules.slice(0, -1).every(({ ErrorEquals }) => !ErrorEquals.includes('States.ALL'));
}

const failureHandling = {
  Retry: z.array(retrier).refine(allIsLast, 'States.ALL must be in the last retrier').optional(),
  Catch: z.array(catcher).refine(allIsLast, 'States.ALL must be in the last catcher').optional(),
};

/** What `lambda:invoke` takes. */
const invocation = z
  .strictObject({
    FunctionName: z
      .string()
      .regex(FUNCTION_TOKEN, 'must be a token: a name in braces after a dollar'),
    Payload: template.optional(),
    'Payload.$': expression.optional(),
  })
  .refine((given) => (given.Payload === undefined) !== (given['Payload.$'] === undefined), {
    message: 'needs either Payload or Payload.$',
  });

const LAMBDA_INVOKE = 'arn:aws:states:::lambda:invoke';

/** An action of a service by the SDK integrations: `aws-sdk:backup:listBackupJobs`. */
const AWS_SDK = /^arn:aws:states:::(aws-sdk:[a-z0-9]+:[a-z][A-Za-z0-9]*)$/u;

const taskState = z
  .strictObject({
    ...comment,
    ...transition,
    ...inputOutput,
    ...result,
    ...failureHandling,
    Type: z.literal('Task'),
    Resource: z
      .string()
      .refine(
        (resource) => resource === LAMBDA_INVOKE || AWS_SDK.test(resource),
        'only arn:aws:states:::lambda:invoke and arn:aws:states:::aws-sdk:... are supported',
      ),
    Parameters: template,
    ResultSelector: template.optional(),
    // Read, not acted on: handlers in memory take no virtual time. A test makes a task time out by
    // throwing an error of the name States.Timeout.
    TimeoutSeconds: z.int().min(1).optional(),
  })
  .superRefine(({ Resource, Parameters }, context) => {
    if (AWS_SDK.test(Resource)) return;
    for (const issue of invocation.safeParse(Parameters).error?.issues ?? []) {
      const path = ['Parameters', ...issue.path];
      context.addIssue({ code: 'custom', message: issue.message, path });
    }
  });
export type TaskState = z.infer<typeof taskState>;

const passState = z.strictObject({
  ...comment,
  ...transition,
  ...inputOutput,
  ...result,
  Type: z.literal('Pass'),
  Parameters: template.optional(),
  Result: z.json().optional(),
});

const choiceState = z.strictObject({
  ...comment,
  ...inputOutput,
  Type: z.literal('Choice'),
  Choices: z.array(rule.refine((given) => typeof given['Next'] === 'string', 'needs Next')).min(1),
  Default: z.string().optional(),
});

const timestamp = z.iso.datetime({ offset: true });

const waitState = z
  .strictObject({
    ...comment,
    ...transition,
    ...inputOutput,
    Type: z.literal('Wait'),
    Seconds: count.optional(),
    SecondsPath: referencePath.optional(),
    Timestamp: timestamp.optional(),
    TimestampPath: referencePath.optional(),
  })
  .refine(
    (given) =>
      [given.Seconds, given.SecondsPath, given.Timestamp, given.TimestampPath].filter(
        (field) => field !== undefined,
      ).length === 1,
    'needs exactly one of Seconds, SecondsPath, Timestamp, TimestampPath',
  );
export type WaitState = z.infer<typeof waitState>;

const succeedState = z.strictObject({ ...comment, ...inputOutput, Type: z.literal('Succeed') });

const failState = z
  .strictObject({
    ...comment,
    Type: z.literal('Fail'),
    Error: z.string().optional(),
    ErrorPath: expression.optional(),
    Cause: z.string().optional(),
    CausePath: expression.optional(),
  })
  .refine(
    (given) =>
      (given.Error === undefined || given.ErrorPath === undefined) &&
      (given.Cause === undefined || given.CausePath === undefined),
    'Error and ErrorPath, Cause and CausePath exclude each other',
  );
export type FailState = z.infer<typeof failState>;

const processorConfig = z.discriminatedUnion('Mode', [
  z.strictObject({ Mode: z.literal('INLINE') }),
  z.strictObject({ Mode: z.literal('DISTRIBUTED'), ExecutionType: z.literal('STANDARD') }),
]);

interface ItemProcessor {
  readonly Comment?: string | undefined;
  readonly ProcessorConfig?: z.infer<typeof processorConfig> | undefined;
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

const mapState = z
  .strictObject({
    ...comment,
    ...transition,
    ...inputOutput,
    ...result,
    ...failureHandling,
    Type: z.literal('Map'),
    Label: z.string().max(40).optional(),
    ItemsPath: referencePath.optional(),
    ItemSelector: template.optional(),
    MaxConcurrency: count.optional(),
    ResultSelector: template.optional(),
    ToleratedFailureCount: count.optional(),
    ToleratedFailurePercentage: z.number().min(0).max(100).optional(),
    get ItemProcessor(): z.ZodType<ItemProcessor> {
      return z.strictObject({
        ...comment,
        ProcessorConfig: processorConfig.optional(),
        StartAt: z.string(),
        States: z.record(z.string().min(1).max(80), state),
      });
    },
  })
  .refine(
    (given) =>
      given.ResultPath === null ||
      !(given.ToleratedFailureCount || given.ToleratedFailurePercentage),
    // AWS does not document what stands in the result for a child whose failure is tolerated.
    'a Map that tolerates failures must drop its result (ResultPath null)',
  );
export type MapState = z.infer<typeof mapState>;

const state = z.discriminatedUnion('Type', [
  taskState,
  passState,
  choiceState,
  waitState,
  succeedState,
  failState,
  mapState,
]);
export type State = z.infer<typeof state>;
export type StateKind = State['Type'];

const machine = z.strictObject({
  ...comment,
  Version: z.literal('1.0').optional(),
  QueryLanguage: z.literal('JSONPath', { error: 'only JSONPath is supported' }).optional(),
  StartAt: z.string(),
  States: z.record(z.string().min(1).max(80), state),
  TimeoutSeconds: z.int().min(1).optional(),
});
export type MachineDefinition = z.infer<typeof machine>;

/** `aws-sdk:backup:listBackupJobs`; undefined for a task that invokes a function. */
export const sdkActionOf = (resource: string): string | undefined => AWS_SDK.exec(resource)?.[1];

/** What both a machine and the processor of a Map have. */
export type StateGraph = Pick<ItemProcessor, 'StartAt' | 'States'>;

/**
 * Checks a definition: everything in it must be something the interpreter acts on.
 * @throws DefinitionError naming every place that is wrong or not supported
 */
export function checkMachine(
  definition: unknown,
  substitutions: Substitutions = {},
): MachineDefinition {
  const parsed = machine.safeParse(substitute(definition as Json, substitutions));
  if (!parsed.success) throw new DefinitionError(z.prettifyError(parsed.error));
  checkReferences(parsed.data);
  return parsed.data;
}

/**
 * Reads and checks a state machine file. Tokens of functions stay; every other token (a number of
 * children, say) needs its value in `substitutions`.
 * @throws DefinitionError naming every place that is wrong or not supported
 */
export function loadMachine(file: string, substitutions: Substitutions = {}): MachineDefinition {
  return checkMachine(JSON.parse(readFileSync(file, 'utf8')), substitutions);
}
