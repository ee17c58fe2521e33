/** What all HTTP doors share: routes, answering errors as problems, logs. */
import type { Context as LambdaContext } from 'aws-lambda';
import { type Context, Hono } from 'hono';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import { HTTPException } from 'hono/http-exception';
import type { z } from 'zod';
import type { QueryForms, RequestForm } from '../contract/requests/form.ts';
import type { Clock } from '../core/ports/clock.ts';
import { entryPoint } from './entry-point.ts';
import { logFault } from './logger.ts';
import { problem, problemOf } from './problems.ts';
import { type BodyCheck, type Brought, readRequest } from './request-parts.ts';

/** The part of API Gateway's event (payload format 2.0) that the doors read. */
interface GatewayEvent {
  readonly requestContext?: {
    readonly requestId?: string;
    readonly authorizer?: { readonly iam?: { readonly userArn?: string } };
  };
  /** The body of a GET, which no request object can carry. */
  readonly bodyOfGet?: string;
}

export interface DoorEnv {
  Bindings: { readonly event?: GatewayEvent; readonly lambdaContext?: LambdaContext };
}
export type DoorContext = Context<DoorEnv>;

/** Answering takes time too: what retries must stop this long before the function's timeout. */
const ANSWER_RESERVE_MS = 2000;

/** Without a Lambda context (tests): as long as API Gateway waits. */
const DEFAULT_TIME_MS = 29_000;

/** Retry-After of a 503: contention and throttling pass within seconds. */
const RETRY_AFTER_SECONDS = 2;

/** A request of a route, checked. */
export interface Asked<Q extends QueryForms, S extends z.ZodType> extends Brought<Q, S> {
  readonly context: DoorContext;
}

/** An HTTP door. Each route has a form; anything else is refused before it is asked. */
export class Door {
  readonly #forms: RequestForm[] = [];
  readonly #hono = makeHono();

  /**
   * Adds a route.
   * @param form what a request may bring besides its path; nothing else is let through (O2)
   * @param check what the schema of the body leaves to the core
   */
  route<Q extends QueryForms, S extends z.ZodType>(
    form: RequestForm<Q, S>,
    act: (asked: Asked<Q, S>) => Response | Promise<Response>,
    check?: BodyCheck<S>,
  ): void {
    this.#forms.push(form);
    this.#hono.on(form.method, form.path, async (context) => {
      const brought = await readRequest(context, form, context.env?.event?.bodyOfGet, check);
      return await act({ ...brought, context });
    });
  }

  /** All that there are. */
  get forms(): readonly RequestForm[] {
    return this.#forms;
  }

  /** Answers a request without a network, for tests. */
  async request(path: string, init: RequestInit = {}, env: object = {}): Promise<Response> {
    return await this.#hono.request(path, init, env);
  }

  /** A function behind API Gateway. */
  handler(): ReturnType<typeof handle> {
    return handle(this.#hono);
  }
}

function makeHono(): Hono<DoorEnv> {
  // Strict, so that `/v1/accounts/` is not taken for `/v1/accounts`.
  const hono = new Hono<DoorEnv>({ strict: true });
  hono.notFound((context) =>
    answerProblem(
      context,
      problem(
        'urn:lethe:not-found',
        'Not found',
        `There is no ${context.req.method} on this path. See the README for the paths.`,
      ),
    ),
  );
  hono.onError((error, context) => {
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
  return hono;
}

/**
 * A door as a function behind API Gateway. Its HTTP APIs give `rawPath` with escapes undone: each
 * part is escaped again, or `a@x.org#b`, or `a@x.org` with a line end, would be taken for `a@x.org`
 * (O2). The query keeps its escapes; a `#` in it would end it, and a dry run behind that would be
 * none. A GET cannot be made with a body: it is passed beside the request, to be refused.
 */
export function doorHandler(door: Door) {
  const handler = door.handler();
  type Event = Extract<LambdaEvent, { rawPath: string }>;
  return entryPoint((event: Event, context: LambdaContext) => {
    const parts = event.rawPath.toWellFormed().split('/');
    const rawPath = parts.map(escapePart).join('/');
    const rawQueryString = event.rawQueryString.replaceAll('#', '%23');
    const isGet = ['GET', 'HEAD'].includes(event.requestContext.http.method);
    const bodies = isGet && event.body ? { body: null, bodyOfGet: event.body } : {};
    return handler({ ...event, rawPath, rawQueryString, ...bodies }, context);
  });
}

/**
 * Parts of dots are steps to a URL, escaped or not: `x/../a@x.org` would delete `a@x.org`. Escaped
 * twice they are what no route and no address is.
 */
const escapePart = (part: string): string =>
  /^\.\.?$/.test(part) ? part.replaceAll('.', '%252E') : encodeURIComponent(part);

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
