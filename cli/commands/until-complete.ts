/**
 * Asking again while the API says that time ran out: bounded, with progress on standard error, and
 * no further once Ctrl-C was pressed.
 */
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type LongWork, withProgress } from '../output/long-work.ts';

/**
 * The API takes 5,000 UIDs at a time, and has 30 seconds for them. 500 are done within seconds, also
 * where a message takes 10 ms: so there is progress to tell, and Ctrl-C is soon heard.
 */
const REQUEST_UIDS_MAX = 500;

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
  work: LongWork,
  ask: (round: number) => Promise<A>,
  messagesOf: (answer: A) => number,
  gotOn?: (answer: A) => boolean,
): Promise<boolean> {
  return await withProgress(work, async (tell) => {
    const telling = async (round: number) => {
      const answer = await ask(round);
      tell(messagesOf(answer));
      return answer;
    };
    return await rounds(work.io, telling, gotOn ?? ((answer) => messagesOf(answer) > 0));
  });
}

type Interruptible = Pick<Io, 'interruption'>;

async function rounds<A extends { readonly complete: boolean }>(
  io: Interruptible,
  ask: (round: number) => Promise<A>,
  gotOn: (answer: A) => boolean,
): Promise<boolean> {
  let idle = 0;
  for (let round = 0; round < ROUNDS_MAX && idle < IDLE_ROUNDS_MAX; round++) {
    const answer = await ask(round);
    if (answer.complete) return true;
    if (io.interruption().aborted) return false;
    idle = gotOn(answer) ? 0 : idle + 1;
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
  work: LongWork,
  ask: (cursor: string | undefined) => Promise<A>,
  messagesOf: (answer: A) => number,
): Promise<boolean> {
  return await withProgress(work, async (tell) => {
    let idle = 0;
    let cursor: string | undefined;
    for (let round = 0; round < ROUNDS_MAX && idle < IDLE_ROUNDS_MAX; round++) {
      const answer = await ask(cursor);
      tell(messagesOf(answer));
      if (answer.complete) return true;
      if (answer.next === undefined || work.io.interruption().aborted) return false;
      idle = answer.next === cursor ? idle + 1 : 0;
      cursor = answer.next;
    }
    return false;
  });
}

/**
 * The same for UIDs: what an answer names as done is not asked for again.
 * @param doneIn UIDs that an answer is about
 */
export async function untilAllDone<A extends { readonly complete: boolean }>(
  work: Omit<LongWork, 'total'>,
  uids: readonly number[],
  ask: (uids: readonly number[]) => Promise<A>,
  doneIn: (answer: A) => readonly number[],
): Promise<boolean> {
  const { io } = work;
  return await withProgress({ ...work, total: uids.length }, async (tell) => {
    let asked = 0;
    for (const part of inRequests(uids)) {
      if (asked > 0 && io.interruption().aborted) return false;
      let left = part;
      const next = async () => {
        const answer = await ask(left);
        const done = new Set(doneIn(answer));
        left = left.filter((uid) => !done.has(uid));
        tell(done.size);
        return answer;
      };
      if (!(await rounds(io, next, (answer) => doneIn(answer).length > 0))) return false;
      asked += part.length;
    }
    return true;
  });
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

/** What a command ends with when not all is done: time ran out, or Ctrl-C was pressed. */
export function notComplete(io: Interruptible, hint: string): CliError {
  const isInterrupted = io.interruption().aborted;
  const why = isInterrupted ? 'interrupted' : 'time ran out';
  const exitCode = isInterrupted ? EXIT.interrupted : EXIT.retryLater;
  return new CliError(exitCode, `${why}: what is not said to be done is as it was`, { hint });
}
