/**
 * Shares out a process's long polls. A server allows a limited number of them (by default 1,200 per namespace and
 * frontend, for all clients), so there is a budget, of which each owner gets a fair part.
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
   * Returns a slot for a long poll, `undefined` if there is none. If all are taken, the owner who holds most of them
   * loses one to an owner who holds fewer.
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

  /** Takes a slot away from the owner with most of them, if that leaves it with no fewer than the new one has then. */
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
