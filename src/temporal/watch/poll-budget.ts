/**
 * Shares out a process's long polls. A Temporal server allows a limited number of them (by default 1,200 per namespace
 * and frontend, for all clients), so there is a budget, and each owner gets a fair share of it.
 * @module
 */

/** A long poll that may be open. */
export interface Slot {
  /** Aborted when another owner needs the long poll more. */
  readonly lost: AbortSignal;
  release(): void;
}

/** How long to wait, in milliseconds, before asking again whether any of the slots is loose, because all are asked. */
const ASK_AGAIN = 1_000;

interface Held {
  readonly loss: AbortController;
  readonly isLoose: () => boolean;
}

type Slots = Map<Slot, Held>;

const NONE: Slots = new Map();

export class PollBudget {
  readonly #held = new Map<string, Slots>();
  #size = 0;
  #askAgainAt = 0;

  constructor(private readonly most: number) {}

  /**
   * Returns a slot for a long poll, or `undefined` if there is none. If all are taken, the owner that holds the most
   * loses one to an owner that holds fewer, and a loose one is lost to one that is not loose.
   * @param isLoose whether another way of noticing changes would do as well. @default never
   */
  take(owner: string, isLoose: () => boolean = () => false): Slot | undefined {
    if (this.#size >= this.most && !this.#reclaim(this.#held.get(owner)?.size ?? 0, isLoose())) return undefined;
    const held: Slots = this.#held.get(owner) ?? new Map<Slot, Held>();
    this.#held.set(owner, held);
    const loss = new AbortController();
    const slot: Slot = {
      lost: loss.signal,
      release: () => {
        if (!held.delete(slot)) return;
        this.#size--;
        if (held.size === 0 && this.#held.get(owner) === held) this.#held.delete(owner);
      },
    };
    held.set(slot, { loss, isLoose });
    this.#size++;
    return slot;
  }

  /** Takes a slot from the owner that holds the most, unless it would then hold fewer than the new one. */
  #reclaim(few: number, loose: boolean): boolean {
    const owners = [...this.#held.values()];
    // Many that wait for a long poll ask for one in turn, so this must not take long.
    const largest = owners.reduce((one, other) => (other.size > one.size ? other : one), NONE);
    if (largest.size >= few + 2 && (lose(largest, true) || (!loose && lose(largest, false)))) return true;
    if (loose || Date.now() < this.#askAgainAt) return false;
    const found = owners.some((held) => lose(held, true));
    if (!found) this.#askAgainAt = Date.now() + ASK_AGAIN;
    return found;
  }
}

/** Takes away one of these slots, or only a loose one. Returns whether there was one. */
function lose(held: Slots, onlyLoose: boolean): boolean {
  for (const [slot, { loss, isLoose }] of held) {
    if (onlyLoose && !isLoose()) continue;
    slot.release();
    loss.abort();
    return true;
  }
  return false;
}
