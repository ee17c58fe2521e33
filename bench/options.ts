/** The words after `npm run bench --`. */
import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run --silent bench -- erase [--json] [--sizes N,N,...] [--no-peers]
       npm run --silent bench -- messages [--json] [--messages N]
       npm run --silent bench -- folders [--json] [--messages N]
       npm run --silent bench -- history [--json]
Measures on an embedded AWS of its own, history in memory. Results go to standard output, progress to standard error.
erase: fills accounts, deletes them, and says how fast, with what memory and for how much.
  --sizes     numbers of messages, 100 to 1000000 each (default 1000,10000,50000)
  --no-peers  without aws s3 rm and rclone delete on as many objects
messages: what S3 and DynamoDB bill for delivering, copying, moving, expunging and restoring.
  --messages  how many, 100 to 100000 (default 1000)
folders: what deleting a folder and bringing it back takes, with 10 messages in it and with many.
  --messages  how many are many, 100 to 100000 (default 50000)
history: what requests on a mailbox of 50 messages cost behind up to a million that have ended.
All:
  --json      one JSON document instead of tables
  --help      this text
`;

const DEFAULT_SIZES = '1000,10000,50000';
const SIZE_MIN = 100;
const SIZE_MAX = 1_000_000;

const DEFAULT_MESSAGES = { erase: 1000, messages: 1000, folders: 50_000, history: 1000 } as const;
const MESSAGES_MAX = 100_000;
const BENCHMARKS = ['erase', 'messages', 'folders', 'history'] as const;

export interface Options {
  readonly benchmark: (typeof BENCHMARKS)[number];
  readonly help: boolean;
  readonly json: boolean;
  readonly messages: number;
  readonly sizes: readonly number[];
  readonly peers: boolean;
}

/** @throws Error saying what is wrong and what is allowed */
export function parseOptions(words: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    allowNegative: true,
    options: {
      json: { type: 'boolean', default: false },
      sizes: { type: 'string', default: DEFAULT_SIZES },
      peers: { type: 'boolean', default: true },
      messages: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    return { benchmark: 'erase', help: true, json: false, messages: 0, sizes: [], peers: false };
  }
  const benchmark = BENCHMARKS.find((name) => name === positionals[0]);
  if (positionals.length !== 1 || benchmark === undefined) {
    const given = JSON.stringify(positionals.join(' '));
    throw new Error(`benchmark: got ${given}, allowed are ${BENCHMARKS.join(', ')}`);
  }
  const messages = Number(values.messages ?? DEFAULT_MESSAGES[benchmark]);
  if (!Number.isInteger(messages) || messages < SIZE_MIN || messages > MESSAGES_MAX) {
    const allowed = `allowed is a whole number from ${SIZE_MIN} to ${MESSAGES_MAX}`;
    throw new Error(`--messages: got ${JSON.stringify(values.messages)}, ${allowed}`);
  }
  const sizes = values.sizes.split(',').map(Number);
  const wrong = sizes.find((size) => !Number.isInteger(size) || size < SIZE_MIN || size > SIZE_MAX);
  if (wrong !== undefined || new Set(sizes).size < sizes.length) {
    const allowed = `allowed are different whole numbers from ${SIZE_MIN} to ${SIZE_MAX}`;
    throw new Error(`--sizes: got ${JSON.stringify(values.sizes)}, ${allowed}`);
  }
  const rising = sizes.toSorted((a, b) => a - b);
  const { json, peers } = values;
  return { benchmark, help: false, json, messages, sizes: rising, peers };
}
