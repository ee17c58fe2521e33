import type { BulkVerb } from '../contract/machines.ts';
import { resolveBulk } from '../core/bulk/resolve-bulk.ts';
import { parseStart, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));

/** The machine says which verb it is. */
const parse = parseStart('verb', 'executionName');

export const handler = stepHandler('resolve-bulk', parse, ({ verb, ...payload }) =>
  resolveBulk(ports(), { verb: verb as BulkVerb, ...payload }),
);
