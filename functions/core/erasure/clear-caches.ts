/** Cached copies on backends. */
import type { OperationContext } from '../../contract/payloads.ts';
import { everyCache } from '../caches/caches.ts';
import { enterStep, updateWrite } from '../operations/operations.ts';
import type { Ports } from '../ports/ports.ts';

/**
 * Records every backend that the account was ever on, before the rows that name them are erased.
 * No way to reach a backend is configured yet, so each is named in the certificate as a place
 * where cached copies remain until the backend's own clean-up (U3, U7).
 * @throws SupersededError
 */
export async function clearCaches(
  ports: Pick<Ports, 'rows' | 'clock'>,
  context: OperationContext,
): Promise<void> {
  await enterStep(ports, context, 'Clear caches');
  const hosts = (await everyCache(ports.rows, context.accountId)).map(({ host }) => host);
  // In a later round the rows are gone already: what was recorded first stays.
  if (hosts.length === 0) return;
  await ports.rows.write(updateWrite(context, { cacheHosts: new Set(hosts) }));
}
