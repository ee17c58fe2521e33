/** What the lists show against what the reference model says they must show. */
import type { ReferenceMail } from '../models/reference-mail.ts';
import type { ModelMessage } from '../models/reference-messages.ts';
import { sameMembers } from '../models/same-members.ts';
import type { KnownNames } from './mail-names.ts';
import type { SeenMailbox, SeenMessage } from './mail-world.ts';

/** Enough to understand a failure; a list that is one message short differs everywhere. */
const DIFFERENCES_MAX = 6;

/**
 * Differences in words; none when the two agree.
 * @param names learns what it did not know: a copy is to be given where the model is only tried
 */
export function differences(
  model: ReferenceMail,
  seen: ReadonlyMap<string, SeenMailbox>,
  names: KnownNames,
): string[] {
  const found: string[] = [];
  for (const path of new Set([...model.boxes.keys(), ...model.storages.keys(), ...seen.keys()])) {
    for (const difference of differencesIn(path, model, seen.get(path), names)) {
      found.push(`${path}: ${difference}`);
      if (found.length >= DIFFERENCES_MAX) return found;
    }
  }
  return found;
}

function* differencesIn(
  path: string,
  model: ReferenceMail,
  seen: SeenMailbox | undefined,
  names: KnownNames,
): Generator<string> {
  const box = model.boxes.get(path) ?? model.storages.get(path);
  const isStorage = model.isStorage(path);
  if (seen === undefined) {
    yield 'it is not there';
    return;
  }
  const { mailbox, messages } = seen;
  const shown = model.shown(path);
  // An expunge that found nothing to expunge may have made its storage.
  const counts = {
    role: isStorage ? 'storage' : undefined,
    uidNext: box?.uidNext ?? (isStorage ? 1 : undefined),
    messages: isStorage ? 0 : shown.length,
    bytes: isStorage ? 0 : sizeOf(shown),
  };
  // What was expunged in place counts nowhere: its mailbox is compared by itself.
  const expected = model.boxes.has(path) || isStorage ? counts : {};
  for (const [name, value] of Object.entries(expected)) {
    const got = mailbox[name as keyof typeof counts];
    if (got !== value) yield `${name} is ${got}, must be ${value}`;
  }
  if (messages.length !== shown.length) {
    yield `shows UIDs ${uidsOf(messages)}, must show ${uidsOf(shown)}`;
    return;
  }
  for (const [index, message] of shown.entries()) {
    const other = messages[index];
    if (other === undefined) continue;
    for (const difference of messageDifferences(message, other, names)) {
      yield `UID ${message.uid}: ${difference}`;
    }
  }
}

function* messageDifferences(
  model: ModelMessage,
  seen: SeenMessage,
  { guids, blobs }: KnownNames,
): Generator<string> {
  for (const name of ['uid', 'internalDate', 'saveDate'] as const) {
    if (seen[name] !== model[name]) yield `${name} is ${seen[name]}, must be ${model[name]}`;
  }
  for (const name of ['flags', 'keywords'] as const) {
    if (sameMembers(seen[name], model[name])) continue;
    yield `${name} are ${[...seen[name]]}, must be ${[...model[name]]}`;
  }
  if (!guids.agree(model.guid, seen.guid)) yield 'another GUID';
  if (!blobs.agree(model.bytes, seen.blobId)) {
    yield 'shares its bytes with others than it should';
  }
  if (seen.sizeBytes !== model.body.length) yield `size is ${seen.sizeBytes}`;
  if (seen.body === undefined) yield 'its bytes are gone';
  else if (!bytesOf(model.body).equals(seen.body)) yield 'its bytes are others';
}

const encoded = new Map<string, Buffer>();

/** Bodies are ASCII here. */
function bytesOf(body: string): Buffer {
  const known = encoded.get(body) ?? Buffer.from(body, 'latin1');
  encoded.set(body, known);
  return known;
}

const sizeOf = (messages: readonly ModelMessage[]): number =>
  messages.reduce((sum, { body }) => sum + body.length, 0);

const uidsOf = (messages: readonly { readonly uid: number }[]): string =>
  JSON.stringify(messages.map(({ uid }) => uid));
