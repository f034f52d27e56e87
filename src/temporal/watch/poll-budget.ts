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

export class PollBudget {
  readonly #held = new Map<string, Map<Slot, AbortController>>();
  #size = 0;

  constructor(private readonly most: number) {}

  /**
   * Returns a slot for a long poll, or `undefined` if there is none. If all are taken, the owner that holds the most
   * loses one to an owner that holds fewer.
   */
  take(owner: string): Slot | undefined {
    if (this.#size >= this.most && !this.#reclaim(this.#held.get(owner)?.size ?? 0)) return undefined;
    const held = this.#held.get(owner) ?? new Map<Slot, AbortController>();
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
    held.set(slot, loss);
    this.#size++;
    return slot;
  }

  /** Takes a slot from the owner that holds the most, unless it would then hold fewer than the new one. */
  #reclaim(few: number): boolean {
    let largest: Map<Slot, AbortController> | undefined;
    for (const held of this.#held.values()) if (held.size > (largest?.size ?? 0)) largest = held;
    const [victim] = largest ?? [];
    if (!largest || !victim || largest.size < few + 2) return false;
    const [slot, loss] = victim;
    slot.release();
    loss.abort();
    return true;
  }
}
