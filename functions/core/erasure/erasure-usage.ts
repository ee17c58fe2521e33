/** What erasing an account will be billed for, before it is done: the same units as the bill. */
import { accountPrefixes, SHARDS } from '../../contract/key-layout.ts';
import { BUCKET_UIDS, OBJECT_PAGE_KEYS } from '../../contract/limits.ts';
import { INVOCATION_SECONDS, MB_PER_GB } from '../meter/prices.ts';
import { READ_UNIT_BYTES } from '../meter/row-units.ts';
import { transitionsOf } from '../meter/transitions.ts';
import { sumUsage, type Usage } from '../meter/usage.ts';
import { rangeCountFor } from './plan.ts';

export interface ErasureSize {
  readonly messages: number;
  /** UIDs ever given, of all mailboxes: decides into how many ranges the work is cut. */
  readonly uids: number;
  readonly mailboxes: number;
  /** Partitions of message rows, of all mailboxes. */
  readonly partitions: number;
  /** Index bundles, FTS indexes, Sieve scripts, replaced ones included. */
  readonly objects: number;
  /** Write units that removing the rows of the account's own partition takes. */
  readonly accountUnits: number;
  /** Size of those rows. */
  readonly accountBytes: number;
  readonly addresses: number;
  /** Remembered requests of the last day. */
  readonly idempotencyRows: number;
  /** Every retention class ever deployed. */
  readonly classes: readonly string[];
  readonly memoryMb: number;
}

/**
 * The steps that run once when nothing is found again, and no invocation runs out of time. Where
 * there are mail servers, each look for sessions adds an invocation and three states: $0.0001.
 */
const SINGLE_STEPS = [
  ['resolve-account'],
  ['disable-user'],
  ['kick-sessions', 'noServers'],
  ['fence-account'],
  ['plan-erasure'],
  ['clear-caches'],
  ['erase-account-rows', 'done'],
  ['verify-erasure'],
  ['certify-erasure', 'certified'],
  ['release-address'],
] as const;

/** A message row: 300 bytes of names, ids and dates, and an envelope of ordinary length. */
const MESSAGE_ROW_BYTES = 500;
/** Opening and closing the operation are transactions; each step marks that it begins. */
const FIXED_WRITE_UNITS = 46;
const FIXED_READ_UNITS = 26;
/** Reading the operation twice, the account, the plan and the tally. */
const RANGE_READ_UNITS = 5;
/** Address row, userdb entry, the account's note of it: two each, in a transaction. */
const ADDRESS_WRITE_UNITS = 6;
const SECONDS_PER_MESSAGE = 2 / 1000;
export function erasureUsage(size: ErasureSize): Usage {
  const ranges = rangeCountFor(Math.min(size.uids, size.partitions * BUCKET_UIDS));
  return sumUsage([requestUsage(size, ranges), rowUsage(size, ranges), stepUsage(size, ranges)]);
}

/** Every prefix is listed for versions and for uploads, once to erase and once to verify. */
function requestUsage(size: ErasureSize, ranges: number): Usage {
  const prefixes = accountPrefixes('0', size.classes).length;
  const versions = size.messages + size.objects;
  // A full page leaves its last key to the next one.
  const shard = versions / SHARDS.length;
  const fullPages = Math.max(Math.ceil(shard / (OBJECT_PAGE_KEYS - 1)) - 1, 0);
  const end = shard - fullPages * (OBJECT_PAGE_KEYS - 1);
  const sharing = Math.min(ranges, SHARDS.length);
  const ends = Math.ceil((end * SHARDS.length) / sharing / OBJECT_PAGE_KEYS) * sharing;
  return {
    s3Tier1Requests: prefixes * 4 + fullPages * SHARDS.length + EVIDENCE_REQUESTS + LAST_LOOKS,
    s3Tier2Requests: EVIDENCE_REQUESTS,
    s3DeleteObjectsRequests: fullPages * SHARDS.length + ends,
    kmsRequests: 1,
  };
}

/** The certificate is looked for, then put. */
const EVIDENCE_REQUESTS = 1;
/** Uploads are listed once more before it, and the top of the bucket to plan and to verify. */
const LAST_LOOKS = 3;

function rowUsage(size: ErasureSize, ranges: number): Usage {
  const pages = size.messages / OBJECT_PAGE_KEYS;
  // A tally is written for each page of rows, each request of versions and each range that ends.
  const tallies = pages * 2 + size.partitions + ranges * 2;
  const writes =
    size.messages +
    size.accountUnits +
    size.mailboxes +
    size.addresses * ADDRESS_WRITE_UNITS +
    size.idempotencyRows +
    tallies +
    ranges +
    FIXED_WRITE_UNITS;
  const messageReads = (size.messages * MESSAGE_ROW_BYTES) / READ_UNIT_BYTES / 2;
  // Mailboxes are fenced, planned, looked into and erased; partitions erased, checked, verified.
  const accountReads = (size.accountBytes / READ_UNIT_BYTES) * 4;
  const reads =
    messageReads +
    accountReads +
    size.partitions * 2.5 +
    SHARDS.length * 1.5 +
    ranges * RANGE_READ_UNITS +
    FIXED_READ_UNITS;
  return { dynamodbWriteUnits: Math.round(writes), dynamodbReadUnits: Math.round(reads) };
}

function stepUsage(size: ErasureSize, ranges: number): Usage {
  const invocations = SINGLE_STEPS.length + ranges;
  const single = SINGLE_STEPS.reduce((sum, [step, end]) => sum + transitionsOf(step, end), 0);
  const seconds = invocations * INVOCATION_SECONDS + size.messages * SECONDS_PER_MESSAGE;
  return {
    stateTransitions: single + ranges * transitionsOf('erase-range', 'done'),
    lambdaRequests: invocations,
    lambdaGigabyteSeconds: seconds * (size.memoryMb / MB_PER_GB),
  };
}
