/** An account in memory, as an export sees it. */
import { createHash } from 'node:crypto';
import type {
  ExportedMailbox,
  FetchedMessage,
  ListedMessage,
} from '../../../../cli/export/export-form.ts';
import type { ExportSource } from '../../../../cli/export/export-source.ts';
import { digestOf } from '../../../../cli/import/parity.ts';

export interface GivenMessage {
  readonly raw: Buffer;
  readonly uid?: number;
  readonly internalDate?: Date;
  readonly flags?: readonly string[];
  readonly keywords?: readonly string[];
  /** Empty: the account does not know it. */
  readonly digest?: string;
}

interface Held extends ListedMessage {
  readonly raw: Buffer;
}

interface Box {
  readonly uidValidity: number;
  uidNext: number;
  readonly messages: Map<number, Held>;
}

const DATE = new Date('2020-03-03T10:11:12Z');

export class MemorySource implements ExportSource {
  readonly accountId = 'memory';
  readonly user = 'john@example.com';
  readonly boxes = new Map<string, Box>();
  subscribed: readonly string[] = [];
  /** UIDs that were fetched, with their mailboxes. */
  readonly fetched: string[] = [];
  /** Called before each fetch. */
  onFetch: (path: string, uid: number) => void = () => {};
  /** Called after each listing. */
  onList: (path: string) => void = () => {};
  /** Messages that mailboxes count and do not list. */
  uncounted = 0;

  add(path: string, ...messages: readonly GivenMessage[]): this {
    const box = this.box(path);
    for (const { raw, uid = box.uidNext, digest = digestOf(raw), ...more } of messages) {
      const { internalDate = DATE, flags = [], keywords = [] } = more;
      const size = raw.length;
      box.messages.set(uid, { uid, raw, size, digest, internalDate, flags, keywords });
      box.uidNext = Math.max(box.uidNext, uid + 1);
    }
    return this;
  }

  box(path: string, uidValidity = 70 + this.boxes.size): Box {
    const box = this.boxes.get(path) ?? { uidValidity, uidNext: 1, messages: new Map() };
    this.boxes.set(path, box);
    return box;
  }

  change(path: string, uid: number, change: Partial<Held>): void {
    const { messages } = this.box(path);
    const held = messages.get(uid);
    if (held !== undefined) messages.set(uid, { ...held, ...change });
  }

  async mailboxes(): Promise<ExportedMailbox[]> {
    return [...this.boxes].map(([path, { uidValidity, uidNext, messages }]) => ({
      path,
      uidValidity,
      uidNext,
      messages: messages.size + this.uncounted,
      bytes: 0,
    }));
  }

  async list(path: string) {
    const box = this.boxes.get(path);
    if (box === undefined) return undefined;
    const rows = [...box.messages.values()].sort((a, b) => a.uid - b.uid);
    this.onList(path);
    return { rows, stored: { messages: 0, bytes: 0 } };
  }

  async fetch(path: string, { uid }: ListedMessage): Promise<FetchedMessage> {
    this.onFetch(path, uid);
    this.fetched.push(`${path} ${uid}`);
    const raw = this.boxes.get(path)?.messages.get(uid)?.raw;
    if (raw === undefined) return { vanished: true };
    return { raw, sha256: createHash('sha256').update(raw).digest('hex') };
  }

  async subscriptions() {
    return this.subscribed;
  }

  isStorage(): boolean {
    return false;
  }

  async notExported() {
    const none = { messages: 0, bytes: 0 };
    return {
      expungeStorages: { ...none },
      expungedInPlace: { ...none },
      deletedFolders: { folders: 0, ...none },
      unasked: false,
    };
  }
}
