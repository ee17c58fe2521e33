/** The words after `npm run bench --`. */
import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run --silent bench -- erase [--json] [--sizes N,N,...] [--no-peers]
Fills accounts on an embedded AWS, deletes them, and says how fast, with what memory and for how
much. Results go to standard output, progress to standard error.
  --json      one JSON document instead of tables
  --sizes     numbers of messages, 100 to 1000000 each (default 1000,10000,50000)
  --no-peers  without aws s3 rm and rclone delete on as many objects
  --help      this text
`;

const DEFAULT_SIZES = '1000,10000,50000';
const SIZE_MIN = 100;
const SIZE_MAX = 1_000_000;

export interface Options {
  readonly help: boolean;
  readonly json: boolean;
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
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { help: true, json: false, sizes: [], peers: false };
  if (positionals.length !== 1 || positionals[0] !== 'erase') {
    throw new Error(`benchmark: got ${JSON.stringify(positionals.join(' '))}, allowed is erase`);
  }
  const sizes = values.sizes.split(',').map(Number);
  const wrong = sizes.find((size) => !Number.isInteger(size) || size < SIZE_MIN || size > SIZE_MAX);
  if (wrong !== undefined || new Set(sizes).size < sizes.length) {
    const allowed = `allowed are different whole numbers from ${SIZE_MIN} to ${SIZE_MAX}`;
    throw new Error(`--sizes: got ${JSON.stringify(values.sizes)}, ${allowed}`);
  }
  const rising = sizes.toSorted((a, b) => a - b);
  return { help: false, json: values.json, sizes: rising, peers: values.peers };
}
