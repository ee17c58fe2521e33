/** The start of autoexpunge, and its first step: what is to be swept. */
import type { AutoexpungeInput, ResolveSweepAnswer } from '../../contract/autoexpunge.ts';
import type { WalkPart } from '../../contract/walks.ts';
import { accountHeld, requireActiveAccount } from '../accounts/accounts.ts';
import { InvalidInputError } from '../errors.ts';
import { parseAddress, parseDomain } from '../names/address.ts';
import { parseExecutionInput } from '../operations/execution-input.ts';
import { refusal } from '../operations/refusals.ts';
import { duePartition } from '../policies/due.ts';
import type { Ports } from '../ports/ports.ts';
import { dueShards } from '../walks/walk-shard.ts';

const FIELDS = { user: 'string', domain: 'string', dryRun: 'boolean' } as const;

/** All that can be wrong with an input is an answer that a Choice reads; only trouble throws. */
export async function resolveSweep(
  ports: Pick<Ports, 'rows' | 'clock'>,
  payload: { readonly input: unknown },
): Promise<ResolveSweepAnswer> {
  try {
    const { user, domain, dryRun = false } = parseAutoexpungeInput(payload.input);
    return { outcome: 'sweep', dryRun, parts: await partsOf(ports, user, domain) };
  } catch (error) {
    return refusal(error);
  }
}

async function partsOf(
  ports: Pick<Ports, 'rows' | 'clock'>,
  user: string | undefined,
  domain: string | undefined,
): Promise<WalkPart[]> {
  if (domain !== undefined) return [{ kind: 'accounts', scope: { domain } }];
  if (user !== undefined) {
    const { accountId, held } = await requireActiveAccount(ports.rows, user);
    if (held) throw accountHeld(accountId);
    return [{ kind: 'accounts', scope: { accountId } }];
  }
  const shards = await dueShards(ports.rows, ports.clock.now(), duePartition);
  return shards.map((shard) => ({ kind: 'due', shard }));
}

/**
 * Checks an input, and brings address or domain into their stored form.
 * @throws InvalidInputError naming every field that is wrong
 */
function parseAutoexpungeInput(input: unknown): AutoexpungeInput {
  const {
    user,
    domain,
    dryRun = false,
  } = parseExecutionInput(input, FIELDS, {}) as AutoexpungeInput;
  if (user !== undefined && domain !== undefined) {
    throw InvalidInputError.of('domain', 'allowed is one of user and domain, or neither');
  }
  return {
    ...(user === undefined ? {} : { user: parseAddress('user', user) }),
    ...(domain === undefined ? {} : { domain: parseDomain('domain', domain) }),
    dryRun,
  };
}

/** 96 random bits, as an execution name allows them. */
const EXECUTION_ID_BYTES = 12;

/**
 * Begins to sweep, asked for over the API: whatever is due, or all of one user or of one domain.
 * @param input an AutoexpungeInput, as it came
 * @returns the name of the execution
 * @throws InvalidInputError, UnknownUserError, AccountNotActiveError, StoreBusyError
 */
export async function requestAutoexpunge(
  ports: Pick<Ports, 'rows' | 'workflows' | 'ids'>,
  input: unknown,
): Promise<{ readonly execution: string }> {
  const parsed = parseAutoexpungeInput(input);
  if (parsed.user !== undefined) await requireActiveAccount(ports.rows, parsed.user);
  const execution = `sweep-${ports.ids.hex(EXECUTION_ID_BYTES)}`;
  await ports.workflows.start('autoexpunge', execution, parsed);
  return { execution };
}
