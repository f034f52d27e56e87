/**
 * Limits how many followed tasks are read at a time, so that requests, which don't queue, stay fast however many tasks
 * are followed. Owners take turns, so one owner's many tasks don't delay another owner's few.
 * @module
 */

/** How many reads run at a time: for one owner of several, for an owner that is alone, and for all. */
const AT_ONCE = { owner: 2, alone: 4, all: 8 };
/**
 * How long a read counts, in milliseconds. After that it is waiting for something other than this process: a worker, a
 * codec or Temporal itself. So tasks without a worker don't hold up others.
 */
const COUNTS_FOR = 20;

/** `soon`: something has happened, or a new follower waits. `later`: a look for news that may not exist. */
export type Urgency = 'soon' | 'later';

/** A place in the queue. */
export interface Place {
  /** Moves the read ahead of the owner's reads that are not urgent. */
  hasten(): void;
  /** Gives up the place. Does nothing once the read has begun. */
  leave(): void;
}

type Read = () => Promise<void>;

interface Line {
  readonly waiting: Readonly<Record<Urgency, Set<Read>>>;
  running: number;
}

export class ReadQueue {
  /** By owner. The owner whose turn is next comes first. */
  readonly #lines = new Map<string, Line>();
  #running = 0;

  constructor(private readonly atOnce: Readonly<Record<'owner' | 'alone' | 'all', number>> = AT_ONCE) {}

  /**
   * Runs `read` when it is its turn, never at once.
   * @param read must not throw
   */
  enter(owner: string, urgency: Urgency, read: Read): Place {
    const line = this.#lines.get(owner) ?? { waiting: { soon: new Set<Read>(), later: new Set<Read>() }, running: 0 };
    this.#lines.set(owner, line);
    const { waiting } = line;
    waiting[urgency].add(read);
    // Later, so that everything that happens now can still join this read.
    queueMicrotask(() => this.#fill());
    return {
      hasten: () => void (waiting.later.delete(read) && waiting.soon.add(read)),
      leave: () => void (waiting.soon.delete(read) || waiting.later.delete(read)),
    };
  }

  #fill(): void {
    const { owner: ofSeveral, alone } = this.atOnce;
    for (const [owner, line] of this.#lines) {
      if (this.#running >= this.atOnce.all) return;
      const { soon, later } = line.waiting;
      const among = soon.size > 0 ? soon : later;
      const [read] = among;
      if (!read && line.running === 0) this.#lines.delete(owner);
      if (!read || line.running >= (this.#lines.size > 1 ? ofSeveral : alone)) continue;
      among.delete(read);
      // The owner goes to the end, where this loop reaches it again.
      this.#lines.delete(owner);
      this.#lines.set(owner, line);
      this.#run(line, read);
    }
  }

  #run(line: Line, read: Read): void {
    let counts = true;
    const over = (): void => {
      if (!counts) return;
      counts = false;
      clearTimeout(timer);
      line.running--;
      this.#running--;
      this.#fill();
    };
    line.running++;
    this.#running++;
    const timer = setTimeout(over, COUNTS_FOR);
    void read().finally(over);
  }
}
