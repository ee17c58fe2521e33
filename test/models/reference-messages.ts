/** What the reference model is made of: messages as lists show them, and steps that change them. */

export interface Rules {
  readonly mode: 'off' | 'in-place' | 'mailbox' | 'namespace';
  readonly onlyLastInstance: boolean;
  /** Mailboxes of which mail goes for good. */
  readonly excluded: readonly string[];
  /** Days that expunged mail is kept, by class of its bytes; null: for ever. */
  readonly classDays: Readonly<Record<string, number | null>>;
  /** The storage's own, shorter age. */
  readonly storageSeconds?: number;
}

/** Labels stand for what a store draws at random: equal label, equal GUID or bytes. */
export interface ModelMessage {
  readonly uid: number;
  readonly guid: number;
  readonly body: string;
  readonly bytes: number;
  readonly flags: ReadonlySet<string>;
  readonly keywords: ReadonlySet<string>;
  readonly internalDate: number;
  readonly saveDate: number;
}

/** Of a message in the storage. */
interface Stay {
  /** Missing: for ever. */
  readonly endsAt?: number;
  /** Where it was expunged. */
  readonly home: { readonly path: string; readonly uid: number };
}

export interface StoredMessage extends ModelMessage {
  readonly stay: Stay;
}

export interface Box<M> {
  readonly uidNext: number;
  readonly messages: readonly M[];
}

export const emptyBox = (path: string): [string, Box<ModelMessage>] => [
  path,
  { uidNext: 1, messages: [] },
];

/** Bytes that one or more messages name. */
export interface ModelBytes {
  readonly retentionClass: string;
  /** Was ever named twice. */
  readonly shared: boolean;
  /** Its last message was ended rather than left to expire: the bytes go at once. */
  readonly over: boolean;
}

/** Messages that name the same bytes. */
export interface Instances {
  /** Outside the storage, with the mailbox that each is in. */
  readonly live: [string, ModelMessage][];
  /** In the storage, and not expired. */
  readonly stored: StoredMessage[];
}

export const NO_INSTANCES: Instances = { live: [], stored: [] };

export interface NewMail {
  readonly body: string;
  readonly flags: readonly string[];
  readonly keywords: readonly string[];
  /** Missing: now. */
  readonly internalDate?: number;
}

export interface Marks {
  readonly flags: readonly string[];
  readonly keywords: readonly string[];
}

/** What happens to one message, or in one delivery: all of it or nothing. */
export type Step =
  | { readonly do: 'deliver'; readonly to: string; readonly mails: readonly NewMail[] }
  | {
      readonly do: 'flag';
      readonly from: string;
      readonly uid: number;
      readonly add: Marks;
      readonly remove: Marks;
    }
  | { readonly do: 'copy'; readonly from: string; readonly uid: number; readonly to: string }
  | { readonly do: 'move'; readonly from: string; readonly uid: number; readonly to: string }
  | {
      readonly do: 'expunge';
      readonly from: string;
      readonly uid: number;
      readonly bypass: boolean;
    }
  | {
      readonly do: 'restore';
      readonly from: string;
      readonly uid: number;
      /** Missing: where it was expunged. */
      readonly to?: string;
      readonly keep: boolean;
    }
  | {
      readonly do: 'unexpunge';
      readonly from: string;
      readonly uid: number;
      readonly keepDeleted: boolean;
    }
  | { readonly do: 'purge'; readonly from: string; readonly uid: number };

/** Flags and keywords after a change; what is both removed and added is there. */
export function marked(
  { flags, keywords }: ModelMessage,
  { add, remove }: { readonly add: Marks; readonly remove: Marks },
): Pick<ModelMessage, 'flags' | 'keywords'> {
  const changed = (before: ReadonlySet<string>, name: keyof Marks) =>
    new Set([...[...before].filter((one) => !remove[name].includes(one)), ...add[name]]);
  return { flags: changed(flags, 'flags'), keywords: changed(keywords, 'keywords') };
}

const DAY_MS = 86_400_000;

/** When bytes of a class that are expunged now end; in place there is no storage with an age. */
export function endOf(
  { mode, classDays, storageSeconds }: Rules,
  retentionClass: string,
  now: number,
): { readonly endsAt?: number } {
  const days = classDays[retentionClass] ?? null;
  const ages = [
    ...(days === null ? [] : [days * DAY_MS]),
    ...(storageSeconds === undefined || mode === 'in-place' ? [] : [storageSeconds * 1000]),
  ];
  return ages.length === 0 ? {} : { endsAt: now + Math.min(...ages) };
}

export function withoutDeleted({ flags }: ModelMessage): ReadonlySet<string> {
  return new Set([...flags].filter((flag) => flag !== '\\Deleted'));
}
