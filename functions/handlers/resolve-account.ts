import { resolveAccount } from '../core/erasure/resolve-account.ts';
import { parseTexts, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireErasureSettings, wireIds, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock(), ids: wireIds() }));
const settings = once(wireErasureSettings);

function parse(event: unknown) {
  const { executionName } = parseTexts(event, ['executionName']);
  return { executionName, input: (event as { readonly input?: unknown }).input };
}

export const handler = stepHandler('resolve-account', parse, (payload) =>
  resolveAccount(ports(), settings(), payload),
);
