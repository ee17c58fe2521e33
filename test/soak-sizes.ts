/**
 * How long the soaks are. `npm test` takes what has found every fault that a longer one found;
 * `LETHE_SOAK=full`, which `npm run test:all` says, takes all of it.
 */
const FULL = process.env['LETHE_SOAK'] === 'full';

interface SoakSizes {
  /** Seeds of racing folders that never change: the first 103 found what 8,000 found. */
  readonly folderRaces: number;
  /** The same where a tree takes several transactions. */
  readonly largeFolderRaces: number;
  /** Seeds of racing folders that are drawn anew each time. */
  readonly freshFolderRaces: number;
  /** Mailboxes of an account that is erased within a small heap, and the heap: a share of each. */
  readonly erasedMailboxes: number;
  readonly erasureHeapMb: number;
  /** Attempts of deletions die at each k-th change, and how often they die anywhere. */
  readonly erasureCrashStep: number;
  readonly erasureCrashSeeds: number;
  /** How long clients hammer the same messages over the embedded AWS. */
  readonly hammerSeconds: number;
  /** Messages that come over IMAP, are imported, and go with their account. */
  readonly wholeLifeMessages: number;
  /** Messages of the account that is erased over the embedded AWS. */
  readonly erasedMessages: number;
  /** Generated accounts that are exported and read back, in each form. */
  readonly exportRounds: number;
  /** Messages that go from a real Dovecot through an account to another one, and back. */
  readonly exportedMessages: number;
  /** All recorded scenarios over the deployed doors, or enough for every verb and error once. */
  readonly everyScenario: boolean;
}

const SHORT_SIZES: SoakSizes = {
  folderRaces: 400,
  largeFolderRaces: 200,
  freshFolderRaces: 100,
  erasedMailboxes: 20_000,
  erasureHeapMb: 96,
  erasureCrashStep: 23,
  erasureCrashSeeds: 8,
  hammerSeconds: 10,
  wholeLifeMessages: 500,
  erasedMessages: 4000,
  exportRounds: 8,
  exportedMessages: 1000,
  everyScenario: false,
};

const FULL_SIZES: SoakSizes = {
  folderRaces: 8000,
  largeFolderRaces: 2000,
  freshFolderRaces: 1000,
  erasedMailboxes: 100_000,
  // That of the smallest function.
  erasureHeapMb: 256,
  erasureCrashStep: 1,
  erasureCrashSeeds: 200,
  hammerSeconds: 60,
  wholeLifeMessages: 3000,
  erasedMessages: 20_000,
  exportRounds: 200,
  exportedMessages: 10_000,
  everyScenario: true,
};

export const SOAK: SoakSizes = FULL ? FULL_SIZES : SHORT_SIZES;
