/**
 * What an account shows and keeps, as the rules of lazy expunge say it and nothing else: lists of
 * messages, no rows, no transactions, no code of the core. A message is a value that is replaced
 * when it changes, so that a copy of the whole costs little.
 */

import {
  type Box,
  emptyBox,
  endOf,
  type Instances,
  type ModelBytes,
  type ModelMessage,
  marked,
  type NewMail,
  type Rules,
  type Step,
  type StoredMessage,
  withoutDeleted,
} from './reference-messages.ts';

const DAY_MS = 86_400_000;

/** So many messages may share bytes; the next copy gets bytes of its own. */
export const INSTANCES_MAX = 100;

export const STORAGE = '.EXPUNGED';

/** What was expunged in place, as if it were in a storage of this name, under its own UIDs. */
export const inPlaceOf = (path: string): string => `${path} (in place)`;

export class ReferenceMail {
  now: number;
  /** Class of bytes that are stored from now on. */
  retentionClass: string;
  readonly rules: Rules;
  readonly #boxes: Map<string, Box<ModelMessage>>;
  readonly #storages: Map<string, Box<StoredMessage>>;
  readonly #bytes: Map<number, ModelBytes>;
  #labels: number;

  constructor(
    rules: Rules,
    start: {
      readonly now: number;
      readonly retentionClass: string;
      readonly boxes: readonly string[];
    },
    from?: ReferenceMail,
  ) {
    this.rules = rules;
    this.now = start.now;
    this.retentionClass = start.retentionClass;
    this.#boxes = new Map(from === undefined ? start.boxes.map(emptyBox) : from.#boxes);
    this.#storages = new Map(from === undefined ? [] : from.#storages);
    this.#bytes = new Map(from === undefined ? [] : from.#bytes);
    this.#labels = from === undefined ? 0 : from.#labels;
  }

  copy(): ReferenceMail {
    const { now, retentionClass } = this;
    return new ReferenceMail(this.rules, { now, retentionClass, boxes: [] }, this);
  }

  get boxes(): ReadonlyMap<string, Box<ModelMessage>> {
    return this.#boxes;
  }

  /** Every message that was stored and not ended since, expired ones included. */
  get storages(): ReadonlyMap<string, Box<StoredMessage>> {
    return this.#storages;
  }

  get bytes(): ReadonlyMap<number, ModelBytes> {
    return this.#bytes;
  }

  isStorage(path: string): boolean {
    return path === STORAGE || path.startsWith(`${STORAGE}/`);
  }

  /** What a mailbox or storage shows now. */
  shown(path: string): readonly (ModelMessage | StoredMessage)[] {
    return (
      this.#boxes.get(path)?.messages ??
      (this.#storages.get(path)?.messages ?? []).filter((message) => this.#lasts(message))
    );
  }

  /** Messages that name these bytes. */
  instances(label: number): Instances {
    const live: [string, ModelMessage][] = [];
    for (const [path, { messages }] of this.#boxes) {
      for (const message of messages) if (message.bytes === label) live.push([path, message]);
    }
    const stored: StoredMessage[] = [];
    for (const { messages } of this.#storages.values()) {
      for (const one of messages) if (one.bytes === label && this.#lasts(one)) stored.push(one);
    }
    return { live, stored };
  }

  /** The same of all bytes that any message names. */
  everyInstance(): ReadonlyMap<number, Instances> {
    const labels = [...this.#boxes.values(), ...this.#storages.values()].flatMap(({ messages }) =>
      messages.map(({ bytes }) => bytes),
    );
    const found = new Map(
      labels.map((label): [number, Instances] => [label, { live: [], stored: [] }]),
    );
    for (const [path, { messages }] of this.#boxes) {
      for (const message of messages) found.get(message.bytes)?.live.push([path, message]);
    }
    for (const { messages } of this.#storages.values()) {
      for (const one of messages) if (this.#lasts(one)) found.get(one.bytes)?.stored.push(one);
    }
    return found;
  }

  /** @returns the new UIDs that it gave; undefined when the message is not there */
  apply(step: Step): readonly number[] | undefined {
    if (step.do === 'deliver') return step.mails.map((mail) => this.#deliver(step.to, mail));
    const inPlace = step.do === 'unexpunge' || step.do === 'purge';
    const from = inPlace ? inPlaceOf(step.from) : step.from;
    const message = this.shown(from).find(({ uid }) => uid === step.uid);
    if (message === undefined) return undefined;
    switch (step.do) {
      case 'flag':
        this.#replace(step.from, { ...message, ...marked(message, step) });
        return [];
      case 'copy':
        return [this.#addCopy(step.to, message, 'stay' in message)];
      case 'move':
        return [this.#move(message, step)];
      case 'expunge':
        this.#expunge(message, step.from, step.bypass);
        return [];
      case 'restore':
        return this.#restore(message, step);
      case 'unexpunge':
        return this.#restore(message, { from, keep: false }, step.keepDeleted);
      case 'purge':
        this.#end(from, message);
        return [];
    }
  }

  /** Forgets what expired on days that are over. */
  forget(): void {
    const today = Math.floor(this.now / DAY_MS) * DAY_MS;
    for (const [path, { uidNext, messages }] of this.#storages) {
      const left = messages.filter(({ stay }) => (stay.endsAt ?? today) >= today);
      if (left.length < messages.length) this.#storages.set(path, { uidNext, messages: left });
    }
  }

  #lasts({ stay }: StoredMessage): boolean {
    return stay.endsAt === undefined || stay.endsAt > this.now;
  }

  #deliver(to: string, { body, flags, keywords, internalDate = this.now }: NewMail): number {
    const guid = this.#label();
    const bytes = this.#newBytes();
    const sets = { flags: new Set(flags), keywords: new Set(keywords) };
    return this.#add(to, { guid, body, bytes, internalDate, ...sets });
  }

  /** Nothing that was expunged is ever live again: out of the storage come new bytes. */
  #addCopy(to: string, message: ModelMessage, ofStored: boolean): number {
    const { live, stored } = this.instances(message.bytes);
    if (ofStored || live.length + stored.length >= INSTANCES_MAX) {
      return this.#add(to, { ...message, bytes: this.#newBytes() });
    }
    this.#note(message.bytes, { shared: true });
    return this.#add(to, message);
  }

  /** Copying, and expunging the source. */
  #move(
    message: ModelMessage,
    { from, to }: { readonly from: string; readonly to: string },
  ): number {
    if ('stay' in message) {
      const newUid = this.#addCopy(to, message, true);
      this.#end(from, message);
      return newUid;
    }
    const leavesOne = !this.rules.onlyLastInstance && this.#storageFor(from) !== undefined;
    if (leavesOne) {
      const newUid = this.#addCopy(to, message, false);
      this.#expunge(message, from, false);
      return newUid;
    }
    const newUid = this.#add(to, message);
    this.#remove(from, message.uid);
    return newUid;
  }

  #expunge(message: ModelMessage, from: string, bypass: boolean): void {
    const storage = bypass ? undefined : this.#storageFor(from);
    const others = this.instances(message.bytes).live.length > 1;
    if ('stay' in message || storage === undefined || (this.rules.onlyLastInstance && others)) {
      this.#end(from, message);
      return;
    }
    this.#remove(from, message.uid);
    const { uidNext, messages } = this.#storages.get(storage) ?? { uidNext: 1, messages: [] };
    const { retentionClass = '' } = this.#bytes.get(message.bytes) ?? {};
    const ends = endOf(this.rules, retentionClass, this.now);
    const stay = { ...ends, home: { path: from, uid: message.uid } };
    if (this.rules.mode === 'in-place') {
      const all = [...messages, { ...message, stay }].sort((one, other) => one.uid - other.uid);
      this.#storages.set(storage, { uidNext, messages: all });
      return;
    }
    const flags = withoutDeleted(message);
    const stored = { ...message, uid: uidNext, flags, saveDate: this.now, stay };
    this.#storages.set(storage, { uidNext: uidNext + 1, messages: [...messages, stored] });
  }

  #restore(
    message: ModelMessage | StoredMessage,
    { from, to, keep }: Omit<Extract<Step, { do: 'restore' }>, 'do' | 'uid'>,
    keepDeleted = false,
  ): readonly number[] | undefined {
    if (!('stay' in message)) return undefined;
    const bytes = this.#newBytes();
    const target = to ?? message.stay.home.path;
    const flags = keepDeleted ? message.flags : withoutDeleted(message);
    const newUid = this.#add(target, { ...message, bytes, flags });
    if (!keep) this.#end(from, message);
    return [newUid];
  }

  #storageFor(path: string): string | undefined {
    const { mode, excluded } = this.rules;
    if (mode === 'off' || this.isStorage(path) || excluded.includes(path)) return undefined;
    if (mode === 'in-place') return inPlaceOf(path);
    return mode === 'mailbox' ? STORAGE : `${STORAGE}/${path}`;
  }

  /** For good. */
  #end(path: string, { uid, bytes }: ModelMessage): void {
    this.#remove(path, uid);
    const { live, stored } = this.instances(bytes);
    if (live.length + stored.length === 0) this.#note(bytes, { over: true });
  }

  #add(path: string, message: Omit<ModelMessage, 'uid' | 'saveDate'>): number {
    const { guid, body, bytes, flags, keywords, internalDate } = message;
    const { uidNext, messages } = this.#box(path);
    const saveDate = this.now;
    const added = { uid: uidNext, guid, body, bytes, flags, keywords, internalDate, saveDate };
    this.#boxes.set(path, { uidNext: uidNext + 1, messages: [...messages, added] });
    return uidNext;
  }

  #remove(path: string, uid: number): void {
    this.#change(path, (messages) => messages.filter((message) => message.uid !== uid));
  }

  #replace(path: string, message: ModelMessage): void {
    this.#change(path, (messages) =>
      messages.map((one) => (one.uid === message.uid ? { ...one, ...message } : one)),
    );
  }

  #change(path: string, change: <M extends ModelMessage>(messages: readonly M[]) => M[]): void {
    const storage = this.#storages.get(path);
    if (storage !== undefined) {
      this.#storages.set(path, { ...storage, messages: change(storage.messages) });
      return;
    }
    const box = this.#box(path);
    this.#boxes.set(path, { ...box, messages: change(box.messages) });
  }

  #box(path: string): Box<ModelMessage> {
    const box = this.#boxes.get(path);
    if (box === undefined) throw new Error(`the model has no mailbox ${path}`);
    return box;
  }

  #newBytes(): number {
    const label = this.#label();
    const { retentionClass } = this;
    this.#bytes.set(label, { retentionClass, shared: false, over: false });
    return label;
  }

  #note(label: number, members: Partial<ModelBytes>): void {
    const known = this.#bytes.get(label);
    if (known !== undefined) this.#bytes.set(label, { ...known, ...members });
  }

  #label(): number {
    this.#labels += 1;
    return this.#labels;
  }
}
