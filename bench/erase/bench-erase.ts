import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PRICES_OF } from '../../functions/core/meter/prices.ts';
import type { Instance } from '../../local/instance.ts';
import { machineNow } from '../../local/machine-clock.ts';
import { type ColdStart, measureColdStarts } from './cold-start.ts';
import { type CostLine, costLine } from './cost-line.ts';
import { fillAccount } from './fill-account.ts';
import { type Erasure, measureErasure } from './measure-erasure.ts';
import { measurePeers, type Peer } from './peers.ts';
import { benchStores } from './stores.ts';

/**
 * What erasing must cost at the least: a write unit for each row and the LISTs that find the
 * objects are $0.64 a million; an account itself may cost a cent. The goal is 1.2 times that.
 */
const FLOOR = { dollarsPerMillion: 0.64, dollarsPerAccount: 0.01, factor: 1.2 } as const;
const MEMORY_MB_MAX = 256;
const KEYS_PER_DELETE_MIN = 900;
const LARGE_MESSAGES = 10_000;
/** Memory that grows by less than this from 10,000 messages to 50,000 does not follow their number. */
const FLAT_FACTOR = 1.2;

interface PeerRatio extends Peer {
  /** How many times as many objects a second Lethe erased, rows included. */
  readonly ratio?: number;
}

export interface SizeResult extends Erasure {
  readonly perThousandMessages: Readonly<Record<string, number>>;
  readonly peers: readonly PeerRatio[];
}

interface Goal {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly met: boolean;
}

export interface Report {
  readonly benchmark: 'erase';
  readonly at: string;
  readonly machine: { readonly node: string; readonly processors: number };
  readonly pricesOf: string;
  readonly sizes: readonly SizeResult[];
  /**
   * Dollars of an erasure: a for the account, b for each message. Missing for one size. Without the
   * duration of functions, and with it as it is here: that of an emulator on a few processors, for
   * which several functions wait at a time, each of them on the bill.
   */
  readonly cost?: CostLine;
  readonly costWithDuration?: CostLine;
  readonly floor: typeof FLOOR;
  readonly coldStarts: readonly ColdStart[];
  readonly goals: readonly Goal[];
}

export interface BenchOptions {
  /** Rising. */
  readonly sizes: readonly number[];
  readonly peers: boolean;
  readonly say: (line: string) => void;
}

export async function benchErase(instance: Instance, options: BenchOptions): Promise<Report> {
  const { say } = options;
  say('Bundles and cold starts ...');
  const coldStarts = await bundlesAndColdStarts();
  const sizes: SizeResult[] = [];
  for (const messages of options.sizes) sizes.push(await benchSize(instance, messages, options));
  const lines =
    sizes.length < 2
      ? undefined
      : {
          cost: costLine(
            sizes.map((size) => ({
              messages: size.messages,
              dollars: size.dollarsWithoutDuration,
            })),
          ),
          costWithDuration: costLine(sizes),
        };
  return {
    benchmark: 'erase',
    at: new Date(machineNow()).toISOString(),
    machine: { node: process.version, processors: cpus().length },
    pricesOf: PRICES_OF,
    sizes,
    ...lines,
    floor: FLOOR,
    coldStarts,
    goals: goalsOf(sizes, lines?.cost),
  };
}

async function bundlesAndColdStarts(): Promise<ColdStart[]> {
  const directory = await mkdtemp(join(tmpdir(), 'lethe-bundles-'));
  try {
    return await measureColdStarts(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function benchSize(
  instance: Instance,
  messages: number,
  { peers, say }: BenchOptions,
): Promise<SizeResult> {
  const stores = benchStores(instance);
  try {
    say(`${messages} messages: filling an account ...`);
    const { user } = await fillAccount(stores, messages);
    say(`${messages} messages: deleting it ...`);
    const machineArn = instance.outputs.stateMachines['delete-account'] ?? '';
    const erasure = await measureErasure(stores, machineArn, user, messages);
    say(`${messages} messages: ${Math.round(erasure.objectsPerSecond)} objects a second`);
    const others = peers ? await measurePeers(instance, stores, erasure.objects, say) : [];
    const perThousandMessages = Object.fromEntries(
      Object.entries(erasure.billed).map(([name, n]) => [name, (n / messages) * 1000]),
    );
    return {
      ...erasure,
      perThousandMessages,
      peers: others.map((peer) => ({ ...peer, ...ratioTo(erasure, peer) })),
    };
  } finally {
    stores.destroy();
  }
}

const ratioTo = (erasure: Erasure, { objectsPerSecond }: Peer): { readonly ratio?: number } =>
  objectsPerSecond === undefined ? {} : { ratio: erasure.objectsPerSecond / objectsPerSecond };

function goalsOf(sizes: readonly SizeResult[], cost: Report['cost']): Goal[] {
  const atMost = (name: string, value: number, limit: number): Goal => ({
    name,
    value,
    limit,
    met: value <= limit,
  });
  const goals: Goal[] = [];
  if (cost !== undefined) {
    const limit = FLOOR.dollarsPerMillion * FLOOR.factor;
    const without = 'without duration of functions, at most';
    goals.push(atMost(`dollars per million messages, ${without}`, cost.bPerMillion, limit));
    goals.push(atMost(`dollars per account, ${without}`, cost.a, FLOOR.dollarsPerAccount));
  }
  const peaks = sizes.map(({ peakMemoryMb }) => Math.max(...Object.values(peakMemoryMb)));
  goals.push(atMost('MB of memory of any function, at most', Math.max(...peaks), MEMORY_MB_MAX));
  const [middle, last] = [peaks.at(-2), peaks.at(-1)];
  if (middle !== undefined && last !== undefined) {
    goals.push(
      atMost('growth of memory over the two last sizes, at most', last / middle, FLAT_FACTOR),
    );
  }
  const large = sizes.filter(({ messages }) => messages >= LARGE_MESSAGES);
  if (large.length === 0) return goals;
  const value = Math.min(...large.map(({ keysPerDeleteObjects }) => keysPerDeleteObjects));
  const met = value >= KEYS_PER_DELETE_MIN;
  const name = 'keys per DeleteObjects from 10,000 messages on, at least';
  return [...goals, { name, value, limit: KEYS_PER_DELETE_MIN, met }];
}
