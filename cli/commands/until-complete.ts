/** Asking again while the API says that time ran out: bounded, with progress on standard error. */
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type Io, writeLine } from '../io.ts';
import { counted } from '../output/text.ts';

/** The API takes so many UIDs at a time. */
const REQUEST_UIDS_MAX = 5000;

/** Five million messages at 5,000 an answer. */
const ROUNDS_MAX = 1000;

/** An answer that got nowhere may have had bad luck; several in a row will not get anywhere. */
const IDLE_ROUNDS_MAX = 3;

/** UIDs in as many parts as it takes requests. */
export function* inRequests(uids: readonly number[]): Generator<readonly number[]> {
  for (let at = 0; at < uids.length; at += REQUEST_UIDS_MAX) {
    yield uids.slice(at, at + REQUEST_UIDS_MAX);
  }
}

/**
 * @param ask does the next part @param round counted from 0
 * @param messagesOf how many messages an answer is about
 * @param gotOn whether an answer got anywhere: with messages, unless there is more to count
 * @returns whether the last answer was complete
 */
export async function untilComplete<A extends { readonly complete: boolean }>(
  io: Pick<Io, 'stderr'>,
  ask: (round: number) => Promise<A>,
  messagesOf: (answer: A) => number,
  gotOn: (answer: A) => boolean = (answer) => messagesOf(answer) > 0,
): Promise<boolean> {
  let [idle, messages] = [0, 0];
  for (let round = 0; round < ROUNDS_MAX && idle < IDLE_ROUNDS_MAX; round++) {
    const answer = await ask(round);
    if (answer.complete) return true;
    idle = gotOn(answer) ? 0 : idle + 1;
    messages += messagesOf(answer);
    await writeLine(io.stderr, `${counted(messages, 'message')} so far, going on`);
  }
  return false;
}

/**
 * The same where each answer says where to go on; one may have done nothing but look. One that does
 * not say it ends the asking: the first request once more could meet what it has stored (L3).
 * @param ask does the part that begins at a cursor, `next` of the answer before
 */
export async function untilTheLast<
  A extends { readonly complete: boolean; readonly next?: string },
>(
  io: Pick<Io, 'stderr'>,
  ask: (cursor: string | undefined) => Promise<A>,
  messagesOf: (answer: A) => number,
): Promise<boolean> {
  let [idle, messages] = [0, 0];
  let cursor: string | undefined;
  for (let round = 0; round < ROUNDS_MAX && idle < IDLE_ROUNDS_MAX; round++) {
    const answer = await ask(cursor);
    if (answer.complete) return true;
    if (answer.next === undefined) return false;
    idle = answer.next === cursor ? idle + 1 : 0;
    cursor = answer.next;
    messages += messagesOf(answer);
    await writeLine(io.stderr, `${counted(messages, 'message')} so far, going on`);
  }
  return false;
}

/**
 * The same for UIDs: what an answer names as done is not asked for again.
 * @param doneIn UIDs that an answer is about
 */
export async function untilAllDone<A extends { readonly complete: boolean }>(
  io: Pick<Io, 'stderr'>,
  uids: readonly number[],
  ask: (uids: readonly number[]) => Promise<A>,
  doneIn: (answer: A) => readonly number[],
): Promise<boolean> {
  for (const part of inRequests(uids)) {
    let left = part;
    const next = async () => {
      const answer = await ask(left);
      const done = new Set(doneIn(answer));
      left = left.filter((uid) => !done.has(uid));
      return answer;
    };
    if (!(await untilComplete(io, next, (answer) => doneIn(answer).length))) return false;
  }
  return true;
}

/** Asks, and keeps every answer: together they are what a command has done. */
export function collecting<Q, A>(
  ask: (request: Q) => Promise<A>,
): {
  readonly answers: readonly A[];
  readonly ask: (request: Q) => Promise<A>;
} {
  const answers: A[] = [];
  return {
    answers,
    ask: async (request) => {
      const answer = await ask(request);
      answers.push(answer);
      return answer;
    },
  };
}

export const notComplete = (hint: string): CliError =>
  new CliError(EXIT.retryLater, 'time ran out: what is not said to be done is as it was', { hint });
