import { purgePart } from '../core/purge/purge-part.ts';
import { parsePart, wirePurgeConfig } from '../runtime/purging.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { wireSweepPorts } from '../runtime/sweeping.ts';
import { once } from '../runtime/wiring.ts';

const ports = once(wireSweepPorts);
const config = once(() => wirePurgeConfig(() => ports().rows));

export const handler = stepHandler('purge-part', parsePart, (payload, { until }) =>
  purgePart(ports(), config(), payload, until),
);
