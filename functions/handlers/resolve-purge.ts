import { PURGE_WORKERS } from '../contract/limits.ts';
import { resolvePurge } from '../core/purge/resolve-purge.ts';
import { parseStart, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));

export const handler = stepHandler('resolve-purge', parseStart('executionName'), (payload) =>
  resolvePurge(ports(), PURGE_WORKERS, payload),
);
