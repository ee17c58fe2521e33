/**
 * PUTs to presigned URLs that a fence does not stop: S3 looks at a URL when a request begins, and
 * sets no limit to how long it then takes. Each has a row, for a day from the time the URL was given.
 */
import {
  PRESIGNED_URL_SECONDS_MAX,
  SLOWEST_UPLOAD_BYTES_PER_SECOND,
  UPLOADS_WAIT_SECONDS_MAX,
} from '../../contract/limits.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import { dictmapKeys, registryKeys } from '../../contract/row-layout.ts';
import { updateWrite } from '../operations/operations.ts';
import type { RowStore } from '../ports/row-store.ts';
import { number, optionalNumber } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import type { RowPorts } from './erasure-ports.ts';

const PAGE_ROWS = 500;

/** When a PUT of so many bytes has ended that began in the URL's last second; epoch ms. */
const endOf = (startedAt: number, sizeBytes: number): number =>
  startedAt +
  PRESIGNED_URL_SECONDS_MAX * 1000 +
  Math.ceil((sizeBytes / SLOWEST_UPLOAD_BYTES_PER_SECOND) * 1000);

/**
 * How long to settle: longer where a PUT may be under way, until the slowest has ended. Notes on the
 * operation until when that is, before the rows go that say so: the certificate names it.
 * @param settleSeconds where none is
 * @param waitSecondsMax bound of the wait for uploads
 */
export async function settleSecondsOf(
  ports: RowPorts,
  context: OperationContext,
  settleSeconds: number,
  waitSecondsMax = UPLOADS_WAIT_SECONDS_MAX,
): Promise<number> {
  const now = ports.clock.now();
  const { pk, sk } = dictmapKeys.upload(context.accountId, '');
  const query = { table: 'dictmap', pk, sk: { prefix: sk }, limit: PAGE_ROWS } as const;
  const noted = await uploadsOpenUntil(ports.rows, context.operationId);
  let until = noted ?? 0;
  for await (const row of everyRow(ports.rows, query)) {
    until = Math.max(until, endOf(number(row, 'startedAt'), number(row, 'size')));
  }
  if (until <= now) return settleSeconds;
  if (until !== noted) await ports.rows.write(updateWrite(context, { uploadsOpenUntil: until }));
  const wait = Math.min(Math.ceil((until - now) / 1000), waitSecondsMax);
  return Math.max(settleSeconds, wait);
}

/** Epoch milliseconds until which PUTs that began before the fence could end, if any could. */
async function uploadsOpenUntil(rows: RowStore, operationId: string): Promise<number | undefined> {
  const row = await rows.get(registryKeys.operation(operationId));
  return row && optionalNumber(row, 'uploadsOpenUntil');
}
