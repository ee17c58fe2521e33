import { BULK_EXPUNGE } from '../core/bulk/bulk-verbs.ts';
import { bulkHandler } from '../runtime/bulk.ts';
import { wireClock, wireIds, wireRows } from '../runtime/wiring.ts';

export const handler = bulkHandler(BULK_EXPUNGE, () => ({
  rows: wireRows(),
  clock: wireClock(),
  ids: wireIds(),
}));
