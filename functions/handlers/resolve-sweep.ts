import { resolveSweep } from '../core/autoexpunge/resolve-sweep.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));

const parse = (event: unknown) => ({ input: (event as { readonly input?: unknown }).input });

export const handler = stepHandler('resolve-sweep', parse, (payload) =>
  resolveSweep(ports(), payload),
);
