/** What both HTTP doors share: reading requests, answering errors as problems, logs. */
import type { Context as LambdaContext } from 'aws-lambda';
import { type Context, Hono } from 'hono';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import { HTTPException } from 'hono/http-exception';
import type { z } from 'zod';
import { type FieldProblem, InvalidInputError, quoted } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import { logFault } from './logger.ts';
import { problem, problemOf } from './problems.ts';

/** The part of API Gateway's event (payload format 2.0) that the doors read. */
interface GatewayEvent {
  readonly requestContext?: {
    readonly requestId?: string;
    readonly authorizer?: { readonly iam?: { readonly userArn?: string } };
  };
}

export interface DoorEnv {
  Bindings: { readonly event?: GatewayEvent; readonly lambdaContext?: LambdaContext };
}
export type DoorContext = Context<DoorEnv>;

/** Answering takes time too: what retries must stop this long before the function's timeout. */
const ANSWER_RESERVE_MS = 2000;

/** Without a Lambda context (tests): as long as API Gateway waits. */
const DEFAULT_TIME_MS = 29_000;

/** Fields named in one answer: a list of millions of wrong members must not become as many. */
const FIELD_PROBLEMS_MAX = 20;

/** What is shown of the name of such a field. */
const FIELD_LENGTH_MAX = 200;

/** Retry-After of a 503: contention and throttling pass within seconds. */
const RETRY_AFTER_SECONDS = 2;

/** Entries of one answer. */
export const PAGE = { fallback: 100, min: 1, max: 500 } as const;

export function makeDoor(): Hono<DoorEnv> {
  // Strict, so that `/v1/accounts/` is not taken for `/v1/accounts`.
  const door = new Hono<DoorEnv>({ strict: true });
  door.notFound((context) =>
    answerProblem(
      context,
      problem(
        'urn:lethe:not-found',
        'Not found',
        `There is no ${context.req.method} on this path. See the README for the paths.`,
      ),
    ),
  );
  door.onError((error, context) => {
    const found =
      error instanceof HTTPException
        ? problem('urn:lethe:invalid-input', 'Invalid input', error.message)
        : problemOf(error);
    if (found.status >= 500) {
      const { requestId } = context.env?.event?.requestContext ?? {};
      logFault('request failed', error, { requestId, route: context.req.routePath });
    }
    return answerProblem(context, found);
  });
  return door;
}

/**
 * A door as a function behind API Gateway. Its HTTP APIs give `rawPath` with escapes undone: each
 * part is escaped again, or `a@x.org#b`, or `a@x.org` with a line end, would be taken for `a@x.org`
 * (O2).
 */
export function doorHandler(door: Hono<DoorEnv>) {
  const handler = handle(door);
  return (event: Extract<LambdaEvent, { rawPath: string }>, context: LambdaContext) => {
    const parts = event.rawPath.toWellFormed().split('/');
    return handler({ ...event, rawPath: parts.map(encodeURIComponent).join('/') }, context);
  };
}

function answerProblem(context: DoorContext, found: ReturnType<typeof problemOf>): Response {
  const headers = { 'content-type': 'application/problem+json' };
  const retry = found.status === 503 ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
  return context.body(JSON.stringify(found), found.status as 400, { ...headers, ...retry });
}

/** Epoch milliseconds, by the clock that the core asks too, until which the request may go on retrying. */
export function deadlineOf(context: DoorContext, clock: Clock): number {
  const left = context.env?.lambdaContext?.getRemainingTimeInMillis() ?? DEFAULT_TIME_MS;
  return clock.now() + left - ANSWER_RESERVE_MS;
}

/** Who asks, as IAM knows them. */
export function callerOf(context: DoorContext): string {
  return context.env?.event?.requestContext?.authorizer?.iam?.userArn ?? 'unknown';
}

/**
 * The body of a request, checked.
 * @throws InvalidInputError naming every field that is wrong
 */
export async function readBody<S extends z.ZodType>(
  context: DoorContext,
  schema: S,
): Promise<z.infer<S>> {
  const text = await context.req.text();
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw InvalidInputError.of('body', `got ${quoted(text)}, allowed is a JSON object`);
  }
  const parsed = schema.safeParse(given, { reportInput: true });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, FIELD_PROBLEMS_MAX).flatMap(toFieldProblems);
  throw new InvalidInputError(problems.slice(0, FIELD_PROBLEMS_MAX));
}

function toFieldProblems(issue: z.core.$ZodIssue): FieldProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: fieldOf([...issue.path, key]),
      message: 'unknown: it is not part of this request',
    }));
  }
  const given = issue.input === undefined ? 'missing' : `got ${quoted(issue.input)}`;
  return [{ field: fieldOf(issue.path), message: `${given}: ${issue.message}` }];
}

/** A path in the body as text, for instance `messages[0].raw`. */
function fieldOf(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  return parts.join('').replace(/^\./, '').slice(0, FIELD_LENGTH_MAX) || 'body';
}

/** A whole number in the query, within bounds. @throws InvalidInputError */
export function queryNumber(
  context: DoorContext,
  name: string,
  bounds: { readonly fallback: number; readonly min: number; readonly max: number },
): number {
  const text = context.req.query(name);
  if (text === undefined) return bounds.fallback;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  throw InvalidInputError.of(
    name,
    `got ${quoted(text)}, allowed is a whole number from ${bounds.min} to ${bounds.max}`,
  );
}

/** What part of a list is asked for. @throws InvalidInputError */
export function queryPage(context: DoorContext): {
  readonly limit: number;
  readonly after?: string;
} {
  const after = context.req.query('cursor');
  const limit = queryNumber(context, 'limit', PAGE);
  return after === undefined ? { limit } : { limit, after };
}

/** A yes or no in the query. @throws InvalidInputError */
export function queryFlag(context: DoorContext, name: string): boolean {
  const text = context.req.query(name);
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw InvalidInputError.of(name, `got ${quoted(text)}, allowed are true and false`);
}
