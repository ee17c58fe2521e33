import { expect, test } from 'vitest';
import { SeededIds } from '../models/seeded-ids.ts';
import { ADMIN, FolderDoors } from '../unit/handlers/folder-doors.ts';

const NAMES = ['A', 'A/x', 'B', 'B/x', 'INBOX'];
/** Few, so that they meet. */
const VALIDITIES = [5, 6, 7];
const STEPS = 60;
const RUNS = 8;

/** What clients have seen: name, UIDVALIDITY and UID, and which message that was. */
class Client {
  readonly #seen = new Map<string, string>();

  async look(doors: FolderDoors): Promise<void> {
    for (const name of await doors.names()) {
      const status = await doors.ask(`GET ${ADMIN}/mailboxes/status?mailbox=${name}`);
      if (status.status !== 200) continue;
      const list = await doors.ask(`GET ${ADMIN}/messages?mailbox=${name}`);
      for (const { uid, guid } of list.body['items'] as { uid: number; guid: string }[]) {
        const triple = `${name} ${String(status.body['uidValidity'])} ${uid}`;
        expect(this.#seen.get(triple) ?? guid, triple).toBe(guid);
        this.#seen.set(triple, guid);
      }
    }
  }

  get size(): number {
    return this.#seen.size;
  }
}

async function step(doors: FolderDoors, ids: SeededIds): Promise<void> {
  const one = <T>(of: readonly T[]): T | undefined => of[Math.floor(ids.fraction() * of.length)];
  const [path, to, uidValidity] = [one(NAMES), one(NAMES), one(VALIDITIES)];
  const ask = (verb: string, body: object) => doors.ask(`${verb}`, { body });
  switch (one(['make', 'make', 'given', 'patch', 'rename', 'delete', 'undelete', 'undelete'])) {
    case 'make':
      await ask(`POST ${ADMIN}/mailboxes`, { path });
      break;
    case 'given':
      await ask(`POST ${ADMIN}/mailboxes`, { path, uidValidity });
      break;
    case 'patch':
      await ask(`PATCH ${ADMIN}/mailboxes`, { path, uidValidity });
      break;
    case 'rename':
      await ask(`POST ${ADMIN}/mailboxes/rename`, { from: path, to });
      break;
    case 'delete':
      doors.settings = { deleteMode: ids.fraction() < 0.7 ? 'delayed' : 'immediate' };
      await doors.remove({ mailbox: path, recursive: ids.fraction() < 0.7 }, ADMIN);
      break;
    default: {
      const deletionId = one(await doors.deleted())?.deletionId;
      const elsewhere = ids.fraction() < 0.3 ? { to } : {};
      if (deletionId !== undefined) await doors.undelete({ deletionId, ...elsewhere });
    }
  }
  for (const name of NAMES) if (ids.fraction() < 0.4) await doors.deliver(name);
}

test.each(Array.from({ length: RUNS }, (_, run) => run + 1))(
  'L2: name, UIDVALIDITY and UID never name two messages, whatever happens to names (%i)',
  async (run) => {
    const doors = await FolderDoors.open();
    const client = new Client();
    const ids = new SeededIds(run);
    for (let n = 0; n < STEPS; n += 1) {
      await step(doors, ids);
      await client.look(doors);
    }
    expect(client.size).toBeGreaterThan(10);
  },
);
