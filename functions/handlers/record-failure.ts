import { recordFailure } from '../core/operations/record-failure.ts';
import { parseStep, parseTexts, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));
const parseOperation = parseStep();

const parse = (event: unknown) => ({
  ...parseOperation(event),
  ...parseTexts(event, ['error', 'message']),
});

export const handler = stepHandler('record-failure', parse, (payload) =>
  recordFailure(ports(), payload),
);
