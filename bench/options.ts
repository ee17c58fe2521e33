/** The words after `npm run bench --`. */
import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run bench -- erase [--json] [--sizes N,N,...] [--no-peers]
  --json      one JSON document on standard output, nothing else
  --sizes     numbers of messages, 100 to 1000000 each (default 1000,10000,50000)
  --no-peers  without aws s3 rm and rclone delete on the same objects
`;

const DEFAULT_SIZES = '1000,10000,50000';
const SIZE_MIN = 100;
const SIZE_MAX = 1_000_000;

export interface Options {
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
    },
  });
  if (positionals.length !== 1 || positionals[0] !== 'erase') {
    throw new Error(`got ${JSON.stringify(positionals.join(' '))}, allowed is erase`);
  }
  const sizes = values.sizes.split(',').map(Number);
  const wrong = sizes.find((size) => !Number.isInteger(size) || size < SIZE_MIN || size > SIZE_MAX);
  if (wrong !== undefined || new Set(sizes).size < sizes.length) {
    const allowed = `allowed are different whole numbers from ${SIZE_MIN} to ${SIZE_MAX}`;
    throw new Error(`--sizes: got ${JSON.stringify(values.sizes)}, ${allowed}`);
  }
  const rising = sizes.toSorted((a, b) => a - b);
  return { json: values.json, sizes: rising, peers: values.peers };
}
