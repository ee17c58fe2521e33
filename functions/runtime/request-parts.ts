/**
 * What a request brings besides its path, held against what its route declares. Whatever is not
 * declared is refused: a word that is ignored, `dryrun` for `dryRun`, is a dry run that is carried
 * out (O1, O2).
 */
import type { Context } from 'hono';
import { z } from 'zod';
import { UID_MAX } from '../contract/limits.ts';
import { type FieldProblem, InvalidInputError, quoted } from '../core/errors.ts';
import { repeatedMember } from './repeated-member.ts';

/** Reads all values that a query parameter was given. */
export interface QueryKind<T> {
  /** May be given more than once. */
  readonly repeats?: true;
  /** @throws InvalidInputError */
  read(name: string, texts: readonly string[]): T;
}

export type QueryKinds = Readonly<Record<string, QueryKind<unknown>>>;
export type ReadQuery<Q extends QueryKinds> = {
  readonly [N in keyof Q]: Q[N] extends QueryKind<infer T> ? T : never;
};

/** Headers that change what a request does; all others are HTTP's own business. */
type HeaderName = 'idempotency-key';

/** What a route takes: nothing that is not said here. */
export interface Takes<Q extends QueryKinds, S extends z.ZodType> {
  readonly query?: Q;
  readonly headers?: readonly HeaderName[];
  /** Missing: a body is refused. */
  readonly body?: S;
  /** What the schema leaves to the core, checked before anything is looked at. */
  readonly check?: (body: z.infer<S>) => unknown;
}

/** What a request brought, checked. */
export interface Brought<Q extends QueryKinds, S extends z.ZodType> {
  readonly query: ReadQuery<Q>;
  readonly headers: Readonly<Partial<Record<HeaderName, string>>>;
  readonly body: z.infer<S>;
}

/** A text of any kind. */
export const TEXT: QueryKind<string | undefined> = { read: (_, [text]) => text };

/** Several texts; missing is not the same as none. */
export const TEXTS: QueryKind<readonly string[] | undefined> = {
  repeats: true,
  read: (_, texts) => (texts.length === 0 ? undefined : texts),
};

/** A yes or no. */
export const FLAG: QueryKind<boolean> = {
  read: (name, [text]) => {
    if (text === undefined || text === 'false') return false;
    if (text === 'true') return true;
    throw InvalidInputError.of(name, `got ${quoted(text)}, allowed are true and false`);
  },
};

/** A whole number within bounds. */
const whole = (bounds: {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
}): QueryKind<number> => ({
  read: (name, [text]) => {
    if (text === undefined) return bounds.fallback;
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= bounds.min && value <= bounds.max) return value;
    throw InvalidInputError.of(
      name,
      `got ${quoted(text)}, allowed is a whole number from ${bounds.min} to ${bounds.max}`,
    );
  },
});

/** Entries of one answer. */
export const LIMIT = whole({ fallback: 100, min: 1, max: 500 });

/** The cursor of lists of messages: the UID after which the page begins. */
export const AFTER_UID = whole({ fallback: 0, min: 0, max: UID_MAX });

/** What part of a list is asked for. */
export const PAGE = { limit: LIMIT, cursor: TEXT } as const;

/** @param query as PAGE reads it */
export function pageAsked(query: ReadQuery<typeof PAGE>): {
  readonly limit: number;
  readonly after?: string;
} {
  const { limit, cursor: after } = query;
  return after === undefined ? { limit } : { limit, after };
}

/**
 * The one place where a request says that it is a dry run, whatever it is about: the query. A body
 * may get lost on the way of a DELETE, which has none by HTTP; the query cannot.
 */
export const DRY_RUN = { dryRun: FLAG } as const;

/** Headers that ask for a condition or a dry run: not to be passed over where they are not taken. */
const TELLING_HEADERS = /^(idempotency-key|if-match|if-unmodified-since|(x-)?(lethe-)?dry-?run)$/;

const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

/** Fields named in one answer: a list of millions of wrong members must not become as many. */
const FIELD_PROBLEMS_MAX = 20;

/** What is shown of the name of such a field. */
const FIELD_LENGTH_MAX = 200;

/**
 * Reads a request as its route declares it.
 * @throws InvalidInputError naming every field that is wrong, what was given and what is allowed
 */
export async function readRequest<Q extends QueryKinds, S extends z.ZodType>(
  context: Context,
  takes: Takes<Q, S>,
  unreadBody: string | undefined,
): Promise<Brought<Q, S>> {
  const problems: FieldProblem[] = [];
  const query = collected(problems, () => readQuery(context, takes));
  const headers = collected(problems, () => readHeaders(context, takes));
  const text = unreadBody ?? (await context.req.text());
  const body = collected(problems, () => readBody(text, takes));
  if (query !== undefined && headers !== undefined && problems.length === 0) {
    takes.check?.(body as z.infer<S>);
    return { query, headers, body: body as z.infer<S> };
  }
  throw new InvalidInputError(problems.slice(0, FIELD_PROBLEMS_MAX));
}

/** What one part is, or what is wrong with it, so that one answer names the faults of all. */
function collected<T>(problems: FieldProblem[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function readQuery<Q extends QueryKinds>(
  context: Context,
  takes: Takes<Q, z.ZodType>,
): ReadQuery<Q> {
  const given = new URL(context.req.url).searchParams;
  const kinds: QueryKinds = takes.query ?? {};
  const problems: FieldProblem[] = [];
  for (const name of new Set(given.keys())) {
    if (!Object.hasOwn(kinds, name)) {
      const said = `got ${quoted(given.get(name))}: ${unknownQuery(name, takes)}`;
      problems.push({ field: name.slice(0, FIELD_LENGTH_MAX), message: said });
    } else if (kinds[name]?.repeats !== true && given.getAll(name).length > 1) {
      const values = given.getAll(name).map(quoted).slice(0, FIELD_PROBLEMS_MAX).join(', ');
      problems.push({ field: name, message: `got ${values}: allowed is one value` });
    }
  }
  const read: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(kinds)) {
    read[name] = collected(problems, () => kind.read(name, given.getAll(name)));
  }
  if (problems.length > 0) throw new InvalidInputError(problems);
  return read as ReadQuery<Q>;
}

function unknownQuery(name: string, takes: Takes<QueryKinds, z.ZodType>): string {
  const inBody = alike(name, schemaMembers(takes.body));
  if (inBody !== undefined) return `not in the query: it is ${inBody} of the body`;
  return unknown(name, Object.keys(takes.query ?? {}), 'query parameter');
}

function unknownMember(name: string, takes: Takes<QueryKinds, z.ZodType>): string {
  const inQuery = alike(name, Object.keys(takes.query ?? {}));
  if (inQuery !== undefined) return `not in the body: it is ${inQuery} of the query`;
  return unknown(name, schemaMembers(takes.body), 'member');
}

function unknown(name: string, allowed: readonly string[], what: string): string {
  const meant = alike(name, allowed);
  if (meant !== undefined) return `unknown, allowed is ${meant}`;
  if (/^dry[-_]?run$/i.test(name)) return NO_DRY_RUN;
  if (allowed.length === 0) return `unknown: no ${what} is allowed`;
  return `unknown, allowed ${allowed.length === 1 ? 'is' : 'are'} ${allowed.join(', ')}`;
}

const NO_DRY_RUN = 'this request has no dry run; nothing has been done';

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');

const alike = (name: string, allowed: readonly string[]): string | undefined =>
  allowed.find((one) => plain(one) === plain(name));

const schemaMembers = (schema: z.ZodType | undefined): readonly string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];

function readHeaders(
  context: Context,
  takes: Takes<QueryKinds, z.ZodType>,
): Readonly<Partial<Record<HeaderName, string>>> {
  const problems: FieldProblem[] = [];
  const read: Partial<Record<HeaderName, string>> = {};
  for (const [name, value] of Object.entries(context.req.header())) {
    const known = takes.headers?.find((one) => one === name);
    if (known !== undefined) read[known] = checkKey(value, problems);
    else if (value !== '' && TELLING_HEADERS.test(name)) {
      problems.push({ field: name, message: `got ${quoted(value)}: ${insteadOf(name, takes)}` });
    }
  }
  if (problems.length > 0) throw new InvalidInputError(problems);
  return read;
}

/** What is allowed in place of a header that the route does not take. */
function insteadOf(
  name: string,
  { query = {}, headers = [] }: Takes<QueryKinds, z.ZodType>,
): string {
  if (name.endsWith('run')) {
    const has = Object.hasOwn(query, 'dryRun');
    return has ? 'not a header: it is dryRun of the query' : NO_DRY_RUN;
  }
  return headers.length === 0 ? 'no such header is allowed' : `unknown here, allowed is ${headers}`;
}

/** An empty key would make all such requests the same. */
function checkKey(key: string, problems: FieldProblem[]): string {
  if (key === '' || key.length > IDEMPOTENCY_KEY_LENGTH_MAX) {
    const message = `got ${key.length} characters, allowed are 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX}`;
    problems.push({ field: 'Idempotency-Key', message });
  }
  return key;
}

function readBody<S extends z.ZodType>(
  text: string,
  takes: Takes<QueryKinds, S>,
): z.infer<S> | undefined {
  if (takes.body === undefined) {
    if (text === '') return undefined;
    const names = Object.keys(takes.query ?? {});
    const instead = names.length === 0 ? '' : `; allowed in the query: ${names.join(', ')}`;
    throw InvalidInputError.of('body', `got ${quoted(text)}: no body is allowed${instead}`);
  }
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw InvalidInputError.of('body', `got ${quoted(text)}, allowed is a JSON object`);
  }
  const twice = repeatedMember(text);
  if (twice !== undefined) {
    throw InvalidInputError.of(
      twice.slice(0, FIELD_LENGTH_MAX),
      'given twice in one object: allowed is once',
    );
  }
  const parsed = takes.body.safeParse(given, { reportInput: true });
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, FIELD_PROBLEMS_MAX);
  throw new InvalidInputError(issues.flatMap((issue) => toFieldProblems(issue, takes)));
}

function toFieldProblems(
  issue: z.core.$ZodIssue,
  takes: Takes<QueryKinds, z.ZodType>,
): FieldProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const top = issue.path.length === 0;
    return issue.keys.slice(0, FIELD_PROBLEMS_MAX).map((key) => ({
      field: fieldOf([...issue.path, key]),
      message: top ? unknownMember(key, takes) : 'unknown: it is not part of this request',
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
