/** What a bulk verb is asked to do: checked before anything is opened or changed. */

import type { BulkInput } from '../../contract/bulk.ts';
import type { BulkVerb } from '../../contract/machines.ts';
import { InvalidInputError } from '../errors.ts';
import { parseAddress } from '../names/address.ts';
import { parseMailboxPath } from '../names/mailbox-path.ts';
import { parseExecutionInput } from '../operations/execution-input.ts';
import type { Value } from '../ports/row-store.ts';
import { parseMessageQuery, parseRestoreQuery } from '../queries/parse-query.ts';
import { type MailQuery, requireMailboxes } from '../queries/query.ts';

/** As it is kept on the operation until that has ended. */
export interface BulkRequest {
  /** As it came: its times count from the moment at which the operation was opened. */
  readonly query: object;
  readonly dryRun?: boolean;
  readonly bypassExpungeStorage?: boolean;
  readonly to?: string;
  readonly overQuota?: boolean;
}

export interface ParsedBulkInput {
  readonly request: BulkRequest;
  readonly user: string;
}

const COMMON = {
  user: 'string',
  query: 'object',
  dryRun: 'boolean',
  operationId: 'string',
  attempt: 'number',
} as const;

const FIELDS = {
  'expunge-messages': { ...COMMON, bypassExpungeStorage: 'boolean' },
  'restore-messages': { ...COMMON, to: 'string', overQuota: 'boolean' },
} as const satisfies Record<BulkVerb, object>;

const EXAMPLES = {
  'expunge-messages': {
    user: 'john@example.com',
    query: { mailbox: 'Trash', savedBefore: { secondsAgo: 604_800 } },
    dryRun: true,
  },
  'restore-messages': {
    user: 'john@example.com',
    query: { expungedSince: { secondsAgo: 86_400 } },
    dryRun: true,
  },
} as const satisfies Record<BulkVerb, object>;

/**
 * Checks the members of an input.
 * @throws InvalidInputError naming every field that is wrong
 */
export function parseBulkInput(verb: BulkVerb, input: unknown): BulkInput {
  return parseExecutionInput(input, FIELDS[verb], EXAMPLES[verb]);
}

/**
 * What is asked for, for whom.
 * @param now epoch milliseconds
 * @throws InvalidInputError, InvalidQueryError, QueryLacksMailboxError
 */
export function parseBulkRequest(verb: BulkVerb, input: BulkInput, now: number): ParsedBulkInput {
  const { user, operationId: _, attempt: __, ...rest } = input;
  const { query, to, ...flags } = rest;
  if (query === undefined) throw InvalidInputError.of('query', 'missing, allowed is a query');
  parseBulkQuery(verb, query, now);
  return {
    user: parseAddress('user', user),
    request: {
      ...flags,
      query,
      ...(to === undefined ? {} : { to: parseMailboxPath('to', to) }),
    },
  };
}

/**
 * The query of a verb. An expunge must say where, in every branch.
 * @throws InvalidQueryError, QueryLacksMailboxError
 */
export function parseBulkQuery(verb: BulkVerb, query: object, now: number): MailQuery {
  if (verb === 'restore-messages') return parseRestoreQuery(query, now);
  const parsed = parseMessageQuery(query, now);
  requireMailboxes(parsed);
  return parsed;
}

/** Queries came as JSON: texts, numbers, booleans, nulls, lists and maps, as rows have them. */
export const bulkValue = (request: BulkRequest): Value => request as unknown as Value;
