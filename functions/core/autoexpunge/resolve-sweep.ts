/** The first step of autoexpunge: what is to be swept. */
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
export function parseAutoexpungeInput(input: unknown): AutoexpungeInput {
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
