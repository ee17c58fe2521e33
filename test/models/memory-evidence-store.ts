import type { Clock } from '../../functions/core/ports/clock.ts';
import type { EvidenceStore } from '../../functions/core/ports/evidence-store.ts';

interface Evidence {
  readonly bytes: Uint8Array;
  readonly lockedUntil: number;
}

/** Object Lock's answer to a removal before its time. */
class AccessDeniedError extends Error {
  override readonly name = 'AccessDenied';
}

/** Write-once storage in memory, locked as S3 Object Lock does in compliance mode. */
export class MemoryEvidenceStore implements EvidenceStore {
  readonly #evidence = new Map<string, Evidence>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async save(name: string, bytes: Uint8Array, lockedUntil: number): Promise<'saved' | 'exists'> {
    if (!(lockedUntil > this.#clock.now())) {
      throw new RangeError('the retain-until date must be in the future.');
    }
    if (this.#evidence.has(name)) return 'exists';
    this.#evidence.set(name, { bytes: Uint8Array.from(bytes), lockedUntil });
    return 'saved';
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    const evidence = this.#evidence.get(name);
    return evidence === undefined ? undefined : Uint8Array.from(evidence.bytes);
  }

  /** What an attacker or a careless script would do; refused until the lock ends. */
  remove(name: string): void {
    const evidence = this.#evidence.get(name);
    if (evidence !== undefined && evidence.lockedUntil > this.#clock.now()) {
      throw new AccessDeniedError(`${name} is locked.`);
    }
    this.#evidence.delete(name);
  }

  names(): readonly string[] {
    return [...this.#evidence.keys()].sort();
  }
}
