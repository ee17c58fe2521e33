/**
 * How a request is described, once: doors validate by it, the command line takes its help from it,
 * `docs/requests.md` is written from it. Each request is one constant in this folder.
 */
import { z } from 'zod';
import { UID_MAX } from '../limits.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Headers that change what a request does; all others are HTTP's own business. */
export type HeaderName = 'idempotency-key';

/** A query parameter. */
export type QueryForm =
  | { readonly kind: 'text' | 'texts' | 'flag'; readonly means: string }
  | {
      readonly kind: 'whole';
      readonly means: string;
      readonly fallback: number;
      readonly min: number;
      readonly max: number;
    };

export type QueryForms = Readonly<Record<string, QueryForm>>;

/** What a request takes: nothing that is not said here. */
export interface RequestForm<Q extends QueryForms = QueryForms, S extends z.ZodType = z.ZodType> {
  readonly method: Method;
  /**
   * With parameters, `/v1/accounts/:user`. Without a slash at the beginning: below an account, at the
   * doors of owners and of administrators.
   */
  readonly path: string;
  /** In one sentence without its end, upper case. */
  readonly does: string;
  /** Whom the core lets through, where that is not everybody who reaches the door. */
  readonly for?: 'administrators' | 'owners and administrators';
  readonly query?: Q;
  readonly headers?: readonly HeaderName[];
  /** Missing: a body is refused. */
  readonly body?: S;
}

type NoQuery = Readonly<Record<never, never>>;

/** The body that a request takes, checked. */
export type BodyOf<R extends RequestForm> = Readonly<z.infer<NonNullable<R['body']>>>;

/** A request, with the types of its query and its body kept. */
export const request = <const Q extends QueryForms = NoQuery, S extends z.ZodType = z.ZodUndefined>(
  form: RequestForm<Q, S>,
): RequestForm<Q, S> => form;

export const textParameter = (means: string) => ({ kind: 'text', means }) as const;
export const flagParameter = (means: string) => ({ kind: 'flag', means }) as const;
/** May be given more than once; missing is not the same as none. */
export const textsParameter = (means: string) => ({ kind: 'texts', means }) as const;

/** What part of a list is asked for. */
export const PAGE = {
  limit: {
    kind: 'whole',
    means: 'entries of one answer, which may hold fewer',
    fallback: 100,
    min: 1,
    max: 500,
  },
  cursor: textParameter('`next` of the answer before'),
} as const;

/** Of lists of messages: the cursor is the UID after which the page begins. */
export const MESSAGE_PAGE = {
  limit: PAGE.limit,
  cursor: {
    kind: 'whole',
    means: '`next` of the answer before',
    fallback: 0,
    min: 0,
    max: UID_MAX,
  },
} as const;

/** Where a reading looks. */
export const PLACE = {
  mailbox: textParameter('name of the mailbox; `INBOX` when missing'),
  deletion: textParameter('id of a deletion, to look into a deleted folder; administrators only'),
} as const;

/**
 * The one place where a request says that it is a dry run, whatever it is about: the query. A body
 * may get lost on the way of a DELETE, which has none by HTTP; the query cannot.
 */
export const DRY_RUN = {
  dryRun: flagParameter('counts what would be done, and changes nothing'),
} as const;

/** What a destructive request says in its query. */
export interface DryRunnable {
  readonly dryRun?: boolean;
}

/** Where owners ask. */
export const AS_USER = {
  as: textParameter('address of another user, on whose behalf the request acts'),
} as const;

export const mailboxPath = (means: string) =>
  z.string('allowed is the name of a mailbox').describe(means);
export const address = (means: string) => z.string('allowed is an address').describe(means);
export const integerMember = (means: string) => z.int('allowed is a whole number').describe(means);
export const yes = (means: string) => z.boolean('allowed is true or false').describe(means);
export const cursor = z
  .string('allowed is next of an answer')
  .describe('`next` of an answer that was not complete: the same request goes on there');
export const uids = (means: string) =>
  z
    .array(z.int('allowed is a whole number').positive(), 'allowed is a list of UIDs')
    .readonly()
    .describe(means);
export const nameList = (means: string) =>
  z.array(z.string(), 'allowed is a list of names').readonly().describe(means);
export const moment = (means: string) =>
  z.iso.datetime({ offset: true, error: 'allowed is a time in ISO 8601' }).describe(means);
export const overQuota = yes('also what the quota has no room for; administrators only');
