/**
 * What a request brings besides its path, held against what its route declares. Whatever is not
 * declared is refused: a word that is ignored, `dryrun` for `dryRun`, is a dry run that is carried
 * out (O1, O2).
 */
import type { Context } from 'hono';
import { z } from 'zod';
import { repeatedMember } from '../contract/repeated-member.ts';
import type {
  HeaderName,
  PAGE,
  QueryForm,
  QueryForms,
  RequestForm,
} from '../contract/requests/form.ts';
import { type FieldProblem, InvalidInputError, quoted } from '../core/errors.ts';

type ValueOf<F extends QueryForm> = {
  readonly text: string | undefined;
  readonly texts: readonly string[] | undefined;
  readonly flag: boolean;
  readonly whole: number;
}[F['kind']];

export type ReadQuery<Q extends QueryForms> = { readonly [N in keyof Q]: ValueOf<Q[N]> };

/** What a request brought, checked. */
export interface Brought<Q extends QueryForms, S extends z.ZodType> {
  readonly query: ReadQuery<Q>;
  readonly headers: Readonly<Partial<Record<HeaderName, string>>>;
  readonly body: z.infer<S>;
}

/** What a schema leaves to the core, checked before anything is looked at. */
export type BodyCheck<S extends z.ZodType> = (body: z.infer<S>) => unknown;

/** Reads all values that a query parameter was given. @throws InvalidInputError */
function readParameter(name: string, form: QueryForm, given: readonly string[]): unknown {
  const [first] = given;
  switch (form.kind) {
    case 'text':
      return first;
    case 'texts':
      return given.length === 0 ? undefined : given;
    case 'flag': {
      if (first === undefined || first === 'false') return false;
      if (first === 'true') return true;
      throw InvalidInputError.of(name, `got ${quoted(first)}, allowed are true and false`);
    }
    case 'whole': {
      if (first === undefined) return form.fallback;
      const value = /^\d+$/.test(first) ? Number(first) : Number.NaN;
      if (value >= form.min && value <= form.max) return value;
      const allowed = `a whole number from ${form.min} to ${form.max}`;
      throw InvalidInputError.of(name, `got ${quoted(first)}, allowed is ${allowed}`);
    }
  }
}

/** @param query as PAGE is read */
export function pageAsked(query: ReadQuery<typeof PAGE>): {
  readonly limit: number;
  readonly after?: string;
} {
  const { limit, cursor: after } = query;
  return after === undefined ? { limit } : { limit, after };
}

/** Headers that ask for a condition or a dry run: not to be passed over where they are not taken. */
const TELLING_HEADERS = /^(idempotency-key|if-match|if-unmodified-since|(x-)?(lethe-)?dry-?run)$/;

const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

/** Fields named in one answer: a list of millions of wrong members must not become as many. */
const FIELD_PROBLEMS_MAX = 20;

/** What is shown of the name of such a field. */
const FIELD_LENGTH_MAX = 200;

/**
 * Reads a request as its form says.
 * @param check what the schema of the body leaves to the core
 * @throws InvalidInputError naming every field that is wrong, what was given and what is allowed
 */
export async function readRequest<Q extends QueryForms, S extends z.ZodType>(
  context: Context,
  takes: RequestForm<Q, S>,
  unreadBody: string | undefined,
  check: BodyCheck<S> | undefined,
): Promise<Brought<Q, S>> {
  const problems: FieldProblem[] = [];
  const query = collected(problems, () => readQuery(context, takes));
  const headers = collected(problems, () => readHeaders(context, takes));
  const text = unreadBody ?? (await context.req.text());
  const body = collected(problems, () => readBody(text, takes));
  if (query !== undefined && headers !== undefined && problems.length === 0) {
    check?.(body as z.infer<S>);
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

function readQuery<Q extends QueryForms>(context: Context, takes: RequestForm<Q>): ReadQuery<Q> {
  const given = new URL(context.req.url).searchParams;
  const forms: QueryForms = takes.query ?? {};
  const problems: FieldProblem[] = [];
  for (const name of new Set(given.keys())) {
    if (!Object.hasOwn(forms, name)) {
      const said = `got ${quoted(given.get(name))}: ${unknownQuery(name, takes)}`;
      problems.push({ field: name.slice(0, FIELD_LENGTH_MAX), message: said });
    } else if (forms[name]?.kind !== 'texts' && given.getAll(name).length > 1) {
      const values = given.getAll(name).map(quoted).slice(0, FIELD_PROBLEMS_MAX).join(', ');
      problems.push({ field: name, message: `got ${values}: allowed is one value` });
    }
  }
  const read: Record<string, unknown> = {};
  for (const [name, form] of Object.entries(forms)) {
    read[name] = collected(problems, () => readParameter(name, form, given.getAll(name)));
  }
  if (problems.length > 0) throw new InvalidInputError(problems);
  return read as ReadQuery<Q>;
}

function unknownQuery(name: string, takes: RequestForm): string {
  const inBody = alike(name, schemaMembers(takes.body));
  if (inBody !== undefined) return `not in the query: it is ${inBody} of the body`;
  return unknown(name, Object.keys(takes.query ?? {}), 'query parameter');
}

function unknownMember(name: string, takes: RequestForm): string {
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
  takes: RequestForm,
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
function insteadOf(name: string, { query = {}, headers = [] }: RequestForm): string {
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
  takes: RequestForm<QueryForms, S>,
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

function toFieldProblems(issue: z.core.$ZodIssue, takes: RequestForm): FieldProblem[] {
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
