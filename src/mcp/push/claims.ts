/** The claims of this process, shared by everything that sends to clients. @module */
import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Logger } from '../../local/log.js';
import type { TaskEngine } from '../../temporal/namespaces.js';
import { Claim, type TakeAnswer } from './claim.js';

/** How many claims are remembered. Beyond that, the least recently used one is released. */
const MOST = 10_000;

/** The use of a claim by one follower of the task. */
export interface ClaimUse {
  /** Claims for a stream of this session, and renews the claim until it is released. */
  take(session?: string): Promise<TakeAnswer>;
  /** Ends the use. The claim itself is released later, so that a client can reconnect. */
  release(): void;
  /** Lets the claim expire. Until then nobody else is asked. */
  abandon(): void;
  /** Forgets the claim, because there is nothing left to claim. */
  forget(): void;
}

export class Claims {
  readonly #claimant = randomUUID();
  readonly #claims = new LRUCache<string, Claim>({
    max: MOST,
    dispose: (claim, _key, reason) => void (reason === 'evict' && claim.close()),
  });

  constructor(
    private readonly engine: TaskEngine,
    private readonly logger: Logger,
  ) {}

  /** Returns a use of the claim on `key`, a question's key or `PROGRESS_CLAIM`. */
  use(owner: string, taskId: string, key: string): ClaimUse {
    const name = JSON.stringify([owner, taskId, key]);
    const user = {};
    // Looked up each time: it may have been forgotten.
    const claim = (): Claim => {
      const known = this.#claims.get(name);
      if (known) return known;
      const { engine, logger } = this;
      const made = new Claim({ engine, logger, owner, taskId, key, claimant: this.#claimant });
      this.#claims.set(name, made);
      return made;
    };
    return {
      take: async (session) => await claim().take(user, session),
      release: () => this.#claims.get(name)?.release(user),
      abandon: () => this.#claims.get(name)?.abandon(),
      forget: () => {
        this.#claims.get(name)?.forget();
        this.#claims.delete(name);
      },
    };
  }

  /** Releases all claims, so that other processes need not wait until they expire. */
  async close(): Promise<void> {
    const claims = [...this.#claims.values()];
    this.#claims.clear();
    await Promise.all(claims.map(async (claim) => await claim.close()));
  }
}
