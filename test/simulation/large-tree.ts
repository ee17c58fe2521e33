/** A tree of 500 folders with some mail, and what readers see of it. */
import { subscribe } from '../../functions/core/mailboxes/subscriptions.ts';
import { FolderDesk } from './folder-desk.ts';

/** 20 below the first, 23 below each of 20, and 19 below one of those: 500 with the first. */
const SECOND = Array.from({ length: 20 }, (_, index) => `Tree/${String(index).padStart(2, '0')}`);
const THIRD = SECOND.flatMap((path) =>
  Array.from({ length: 23 }, (_, index) => `${path}/f${index}`),
);
const FOURTH = Array.from({ length: 19 }, (_, index) => `Tree/07/f7/g${index}`);
export const TREE = ['Tree', ...SECOND, ...THIRD, ...FOURTH];

/** Folders with a message each; all but the INBOX are in the tree. */
const MAIL = ['INBOX', 'Tree', 'Tree/07/f7/g18', 'Tree/19/f22'];
export const SUBSCRIBED = ['Tree', 'Tree/07/f7'];

export async function deskWithTree(): Promise<FolderDesk> {
  const desk = await FolderDesk.make(...TREE, 'Treetop');
  for (const path of MAIL) await desk.deliver(path, `for ${path}`);
  const account = await desk.account();
  for (const path of SUBSCRIBED) await subscribe(desk.ports, account, path, desk.deadline);
  return desk;
}

/** What every reader sees: list, search, quota, subscriptions, and folders opened by name. */
export async function look(desk: FolderDesk) {
  const opened: (number | undefined)[] = [];
  for (const path of MAIL) opened.push(await desk.status(path));
  return {
    paths: await desk.paths(),
    found: await desk.found(),
    quota: await desk.quota(),
    subscribed: await desk.subscribed(),
    opened,
  };
}
