/** Cached copies on backends. */
import type { MailServer } from '../../contract/mail-servers.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { ownsAddress } from '../accounts/accounts.ts';
import { everyCache } from '../caches/caches.ts';
import { enterStep, requireRunning, updateWrite } from '../operations/operations.ts';
import { MailServerError } from '../ports/mail-server-errors.ts';
import type { MailServers } from '../ports/mail-servers.ts';
import { textSet } from '../rows/attributes.ts';
import { inParallel } from '../rows/parallel.ts';
import { type RowPorts, requirePart } from './erasure-ports.ts';

const PARALLEL_SERVERS = 16;

/**
 * Removes the user's metacache on every backend that the account was ever on, before the rows that
 * name them are erased. A backend that has no command for it, is not configured, or does not
 * answer is named in the certificate as a place where cached copies remain until its own clean-up:
 * one that was taken down long ago must not keep an erasure from ending (U3, U7). Nothing is removed
 * by an address that is not this account's any more (W7).
 * @throws SupersededError
 */
export async function clearCaches(
  ports: RowPorts & { readonly mailServers: MailServers },
  context: OperationContext,
): Promise<void> {
  await enterStep(ports, context, 'Clear caches');
  const { user } = await requireRunning(ports.rows, context);
  const hosts = (await everyCache(ports.rows, context.accountId)).map(({ host }) => host);
  // In a later round the rows are gone already: what was recorded first stays.
  if (hosts.length === 0) return;
  const removed = await inParallel(hosts, PARALLEL_SERVERS, async (host) =>
    user !== undefined && (await ownsAddress(ports.rows, context.accountId, user))
      ? await removeOn(ports.mailServers, host, user)
      : false,
  );
  // After a crash half of the rows may be gone: their hosts were recorded before.
  const row = requirePart(
    await ports.rows.get(registryKeys.operation(context.operationId)),
    'operation',
  );
  const cleared = new Set([
    ...textSet(row, 'cacheHostsCleared'),
    ...hosts.filter((_, at) => removed[at]),
  ]);
  const left = new Set(
    [...textSet(row, 'cacheHosts'), ...hosts].filter((host) => !cleared.has(host)),
  );
  // Empty sets do not exist; a host that was left before and is cleared now leaves the first set.
  await ports.rows.write({
    ...updateWrite(context, {}),
    change: {
      set: {
        ...(left.size === 0 ? {} : { cacheHosts: left }),
        ...(cleared.size === 0 ? {} : { cacheHostsCleared: cleared }),
        updatedAt: ports.clock.now(),
      },
      ...(left.size === 0 ? { unset: ['cacheHosts'] } : {}),
    },
  });
}

async function removeOn(mailServers: MailServers, host: string, user: string): Promise<boolean> {
  const server = mailServers.servers.find((one) => isBackend(one, host));
  if (server === undefined) return false;
  try {
    return (await mailServers.removeCaches(server, user)) === 'removed';
  } catch (error) {
    if (error instanceof MailServerError) return false;
    throw error;
  }
}

const isBackend = ({ url, role }: MailServer, host: string): boolean =>
  role === 'backend' && new URL(url).hostname === host.toLowerCase();
