import { BULK_RESTORE } from '../core/bulk/bulk-verbs.ts';
import { bulkHandler } from '../runtime/bulk.ts';
import { wireClock, wireIds, wireObjects, wireRows } from '../runtime/wiring.ts';

export const handler = bulkHandler(BULK_RESTORE, () => ({
  rows: wireRows(),
  clock: wireClock(),
  ids: wireIds(),
  objects: wireObjects(),
}));
