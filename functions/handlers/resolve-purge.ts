import { PURGE_WORKERS } from '../contract/limits.ts';
import { resolvePurge } from '../core/purge/resolve-purge.ts';
import { members, parseTexts, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));

/** What the execution was started with is checked by the step. */
const parse = (event: unknown) => ({
  ...parseTexts(event, ['executionName']),
  input: members(event)['input'],
});

export const handler = stepHandler('resolve-purge', parse, (payload) =>
  resolvePurge(ports(), PURGE_WORKERS, payload),
);
