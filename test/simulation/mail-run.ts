/**
 * One run of the model-based test: the core on one side, the reference model on the other, and a
 * comparison of everything after every operation.
 */
import { CrashError, Crashes } from '../models/faulty.ts';
import { ReferenceMail } from '../models/reference-mail.ts';
import type { Step } from '../models/reference-messages.ts';
import { differences } from './mail-comparison.ts';
import { lookBehind, seenObjects } from './mail-look.ts';
import { Names } from './mail-names.ts';
import { orphans } from './mail-objects.ts';
import { BOXES, type Crash, type Operation, type Run } from './mail-operations.ts';
import { carryOut, type MailRequest, orders, stepsOf } from './mail-requests.ts';
import { prelude, requestOf, together } from './mail-wishes.ts';
import { LIFECYCLE, MailWorld } from './mail-world.ts';
import type { StreamRecord } from './reconciler.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/** A stream delivers its records within so many minutes, or its queue takes them over. */
const STREAM_MINUTES = 12 * 60;

/** Records remembered to be delivered once more, much later. */
const LATE_RECORDS_MAX = 50;

/** After so many days nothing is left of what expires: 30 and the longest margins. */
const ALL_OVER_DAYS = 35;

export class MailRun {
  readonly #world: MailWorld;
  #model: ReferenceMail;
  #names = { guids: new Names(), blobs: new Names() };
  #late: StreamRecord[] = [];
  /** A crash or a rival may leave bytes that no message names. */
  #disturbed = false;
  #requests = 0;
  /** What happened, by name, so that a test that does nothing is noticed. */
  readonly tally: Map<string, number>;

  private constructor(world: MailWorld, model: ReferenceMail, tally: Map<string, number>) {
    this.#world = world;
    this.#model = model;
    this.tally = tally;
  }

  /** Carries a whole run out. @throws Error naming the operation after which something is wrong */
  static async carryOut(run: Run, tally: Map<string, number>): Promise<void> {
    const { rules, retentionClass, seed } = run;
    const world = await MailWorld.make(seed, rules, BOXES, retentionClass);
    const start = { now: world.stores.clock.now(), retentionClass, boxes: BOXES };
    const mine = new MailRun(world, new ReferenceMail(rules, start), tally);
    for (const request of prelude(run.prelude)) await mine.#mail(request);
    for (const [index, operation] of run.operations.entries()) {
      try {
        await mine.#perform(operation);
      } catch (error) {
        throw new Error(`operation ${index}, ${JSON.stringify(operation)}`, { cause: error });
      }
    }
    await mine.#end();
  }

  async #perform(operation: Operation): Promise<void> {
    this.#count(operation.kind);
    const { reconciler, clock, rows, objects } = this.#world.stores;
    switch (operation.kind) {
      case 'mail': {
        const request = this.#request(operation.wish);
        rows.conflictNext(operation.conflicts);
        return await this.#mail(request, operation.crash);
      }
      case 'together':
        return await this.#together(operation);
      case 'records':
        await this.#records(operation);
        break;
      case 'late':
        for (const record of this.#chosen(this.#late, operation.picks)) {
          await reconciler.deliver(record);
        }
        break;
      case 'settle':
        await this.#settle();
        break;
      case 'expireTtl':
        this.#count('rows expired', rows.expireTtl(clock.now()));
        break;
      case 'lifecycle':
        this.#count('versions expired', objects.applyLifecycle(LIFECYCLE, clock.now()));
        break;
      case 'advance':
        await this.#advance(operation.minutes);
        break;
      case 'class':
        await this.#world.changeClass(operation.retentionClass);
        this.#model.retentionClass = operation.retentionClass;
        break;
    }
    await this.#becomes([this.#model]);
  }

  #request(wish: Parameters<typeof requestOf>[1]): MailRequest {
    this.#requests += 1;
    return requestOf(this.#model, wish, this.#requests);
  }

  /** One request, which may die on the way and is then sent again. */
  async #mail(request: MailRequest, crash?: Crash): Promise<void> {
    const { ports, rows } = this.#world.stores;
    const { context } = this.#world;
    if (crash !== undefined) {
      const process = new Crashes(crash);
      const outcome = await Promise.allSettled([
        carryOut(process.wrapAll({ ...ports }), context, request),
      ]);
      rows.conflictNext(0);
      if (!process.crashed) {
        if (outcome[0].status === 'rejected') throw outcome[0].reason;
        return await this.#succeeded(request, outcome[0].value);
      }
      this.#disturbed = true;
      this.#count(`${request.do} crashed ${crash.point}`);
      const steps = stepsOf(this.#model, request).flat();
      const prefix = await this.#becomes(prefixes(this.#model, steps));
      if (prefix === steps.length && 'key' in request) {
        // The answer was lost, not the work: the same key gets it again.
        await carryOut(ports, context, request);
        await this.#becomes([this.#model]);
        return;
      }
    }
    const answer = await carryOut(ports, context, request);
    rows.conflictNext(0);
    await this.#succeeded(request, answer);
  }

  async #succeeded(request: MailRequest, answer: readonly number[]): Promise<void> {
    this.#count(request.do);
    const model = this.#model.copy();
    const newUids = applied(model, stepsOf(model, request).flat());
    if (JSON.stringify(newUids) !== JSON.stringify(answer)) {
      throw new Error(`the answer names UIDs ${answer}, must name ${newUids}`);
    }
    await this.#becomes([model]);
  }

  /** Two requests at once, and records of the stream beside them: as one after the other. */
  async #together(drawn: Extract<Operation, { kind: 'together' }>): Promise<void> {
    this.#disturbed = true;
    const { stores, context } = this.#world;
    const [one, other] = together(this.#model, drawn, (wish) => this.#request(wish));
    const processes = [
      () => carryOut(stores.ports, context, one),
      () => carryOut(stores.ports, context, other),
      () => this.#follow(drawn.records),
    ];
    const ends = await stores.turns.run(processes, () => stores.ids.fraction());
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    this.#count(`${one.do} beside ${other.do}`);
    await this.#becomes(
      [...orders(this.#model, one, other)].map((steps) => {
        const model = this.#model.copy();
        applied(model, steps);
        return model;
      }),
    );
  }

  /** Delivers the newest record, those too that come up meanwhile. */
  async #follow(times: number): Promise<void> {
    const { reconciler, ports } = this.#world.stores;
    for (let turn = 0; turn < times; turn += 1) {
      const record = reconciler.pendingRecords().at(-1);
      if (record === undefined) await ports.clock.sleep(0);
      else await reconciler.deliver(record);
    }
  }

  async #records({ picks, twice, crash }: Extract<Operation, { kind: 'records' }>) {
    const { reconciler } = this.#world.stores;
    for (const record of this.#chosen(reconciler.pendingRecords(), picks)) {
      this.#remember(record);
      for (let times = twice ? 2 : 1; times > 0; times -= 1) {
        try {
          await reconciler.deliver(record, crash === undefined ? {} : { crash });
        } catch (error) {
          if (!(error instanceof CrashError)) throw error;
          this.#count(`record crashed ${crash?.point}`);
        }
      }
    }
  }

  async #settle(): Promise<void> {
    const { reconciler } = this.#world.stores;
    for (const record of reconciler.pendingRecords()) this.#remember(record);
    await reconciler.settle();
    const fault = reconciler.faults.find((one) => !(one instanceof CrashError));
    if (fault !== undefined) throw new Error('a record could not be followed', { cause: fault });
  }

  #remember(record: StreamRecord): void {
    this.#late = [...this.#late, record].slice(-LATE_RECORDS_MAX);
  }

  async #advance(minutes: number): Promise<void> {
    // No record is older than a stream keeps it, or an expired row would be gone before its record.
    if (minutes > STREAM_MINUTES) await this.#settle();
    this.#world.stores.clock.advance(minutes * MINUTE_MS);
  }

  #chosen<T>(among: readonly T[], picks: readonly number[]): T[] {
    const places = new Set(picks.map((pick) => pick % Math.max(among.length, 1)));
    return [...places].flatMap((place) => among[place] ?? []);
  }

  /**
   * Looks at everything, and goes on with the candidate that agrees with it.
   * @returns its index
   * @throws Error when none does
   */
  async #becomes(candidates: Iterable<ReferenceMail>): Promise<number> {
    const { clock, ids } = this.#world.stores;
    const seen = await this.#world.observe(1 + Math.floor(ids.fraction() * 60));
    const wrong: string[][] = [];
    let behind: unknown;
    for (const model of candidates) {
      model.now = clock.now();
      const { guids, blobs } = this.#names;
      const names = { guids: new Names(guids), blobs: new Names(blobs) };
      const found = differences(model, seen, names);
      if (found.length === 0) {
        try {
          model.forget();
          await lookBehind(this.#world, model, names, seen, this.#disturbed);
          this.#model = model;
          this.#names = names;
          return wrong.length;
        } catch (error) {
          // Two outcomes may show the same and differ behind it: equal messages, changed places.
          behind ??= error;
        }
      }
      wrong.push(found);
    }
    if (behind !== undefined) throw behind;
    const told = wrong.slice(0, 4).map((found) => found.join('\n  '));
    throw new Error(`none of ${wrong.length} outcomes:\n  ${told.join('\n or\n  ')}`);
  }

  /** X1, X2: long after, nothing is left of what expires, though no request came. */
  async #end(): Promise<void> {
    await this.#settle();
    await this.#advance(ALL_OVER_DAYS * DAY_MINUTES);
    const { rows, clock, objects } = this.#world.stores;
    rows.expireTtl(clock.now());
    objects.applyLifecycle(LIFECYCLE, clock.now());
    await this.#becomes([this.#model]);
    const left = seenObjects(this.#world);
    if (left.waiting.size > 0) throw new Error('expiry itself woke somebody');
    const wanted = new Set<string>();
    for (const [label, blobId] of this.#names.blobs.all()) {
      const { live, stored } = this.#model.instances(label);
      if (live.length + stored.length > 0) wanted.add(blobId);
    }
    const unnamed = new Set(orphans(left, this.#names));
    const stay = [...left.versions].filter(
      ([id, [version]]) =>
        !wanted.has(id) &&
        !unnamed.has(id) &&
        // A storage's own age ends mail of this class before S3 would: that is for purge-blobs.
        version?.key.startsWith('keep/') === false,
    );
    if (stay.length > 0) throw new Error(`objects stay: ${JSON.stringify(stay)}`);
    const mortal = rows.rows('dictmap').filter(({ attributes }) => {
      const { type, state, expiresAt } = attributes;
      return type === 'message' && state !== 'live' && (state !== 'expunged' || expiresAt);
    });
    if (mortal.length > 0) throw new Error(`${mortal.length} rows are left of what is over`);
  }

  #count(what: string, times = 1): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + times);
  }
}

/** The model after each number of steps. */
function* prefixes(model: ReferenceMail, steps: readonly Step[]): Generator<ReferenceMail> {
  const after = model.copy();
  yield after.copy();
  for (const step of steps) {
    after.apply(step);
    yield after.copy();
  }
}

const applied = (model: ReferenceMail, steps: readonly Step[]): number[] =>
  steps.flatMap((step) => [...(model.apply(step) ?? [])]);
