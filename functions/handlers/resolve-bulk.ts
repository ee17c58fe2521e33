import type { BulkVerb } from '../contract/api.ts';
import { resolveBulk } from '../core/bulk/resolve-bulk.ts';
import { parseTexts, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));

/** The machine says which verb it is; what it was started with is checked by the step. */
function parse(event: unknown) {
  const { verb, executionName } = parseTexts(event, ['verb', 'executionName']);
  const { input } = event as { readonly input?: unknown };
  return { verb: verb as BulkVerb, executionName, input };
}

export const handler = stepHandler('resolve-bulk', parse, (payload) =>
  resolveBulk(ports(), payload),
);
