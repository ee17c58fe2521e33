/** What erasing an account will cost, before it is done. */
import { accountPrefixes } from '../../contract/key-layout.ts';
import { OBJECT_PAGE_KEYS } from '../../contract/limits.ts';
import { rangeCountFor } from '../erasure/plan.ts';
import { PRICES } from './prices.ts';

export interface ErasureSize {
  readonly messages: number;
  /** Rows in the account's own partition: mailboxes, paths, dicts, objects and so on. */
  readonly accountRows: number;
  readonly mailboxes: number;
  readonly classes: readonly string[];
}

/** States of the machine outside the map that one run without a second round enters. */
const FIXED_TRANSITIONS = 23;
/** Map item, task, choice, end. */
const RANGE_TRANSITIONS = 4;
/** Steps' own rows: operation, progress, plan, verification, addresses. */
const FIXED_WRITE_UNITS = 40;
/** Every step reads the operation; a page of keys read consistently is 1 unit for 4 KB. */
const FIXED_READ_UNITS = 100;
/** A message row is read as it is listed: about 700 bytes, 4 KB to a unit. */
const READ_UNITS_PER_ROW = 700 / 4096;
/** Invocations of 512 MB: a second each, and a second for 1,000 messages. */
const LAMBDA_GIGABYTES = 0.5;

/** Estimated dollars at list price. */
export function erasureCostDollars(size: ErasureSize): number {
  const rows = size.messages + size.accountRows;
  const ranges = rangeCountFor(size.messages);
  // Every prefix is listed for versions and for uploads, once to erase and once to verify.
  const prefixes = accountPrefixes('0', size.classes).length;
  const lists = prefixes * 2 * 2 + Math.ceil(size.messages / OBJECT_PAGE_KEYS);
  const invocations = FIXED_TRANSITIONS / 2 + ranges;
  const seconds = invocations + size.messages / 1000;
  const dollars =
    (rows + ranges + FIXED_WRITE_UNITS) * PRICES.dynamodbWriteUnit +
    (rows * READ_UNITS_PER_ROW + size.mailboxes + FIXED_READ_UNITS) * PRICES.dynamodbReadUnit +
    lists * PRICES.s3Tier1Request +
    (FIXED_TRANSITIONS + ranges * RANGE_TRANSITIONS) * PRICES.stateTransition +
    invocations * PRICES.lambdaRequest +
    seconds * LAMBDA_GIGABYTES * PRICES.lambdaGigabyteSecond +
    2 * PRICES.kmsAsymmetricRequest;
  return Number(dollars.toFixed(6));
}
