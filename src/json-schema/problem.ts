/** What is wrong with a validated value. Pure. @module */

/** One thing that is wrong with a value. */
export interface Problem {
  /** The names and indexes that lead to the wrong part. */
  readonly path: readonly string[];
  /** Says what is wrong, without a final period: several problems are joined into one sentence. */
  readonly message: string;
}

/** Where a value is in the validated one. Linked, because a path is only written out for a problem. */
export interface Place {
  readonly key: string;
  readonly parent: Place | undefined;
}

/** The maximum length of a name or a quoted value within a problem, in characters. */
const LONGEST_QUOTE = 100;

/** Cuts a name or value from a caller. */
export function quoted(text: string): string {
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}

/** Counts problems and keeps the first ones. */
export class Problems {
  readonly list: Problem[] = [];
  count = 0;

  /** @param most how many to keep */
  constructor(readonly most: number) {}

  /** Whether further problems would not be kept, so that validation can end. */
  get isFull(): boolean {
    return this.list.length >= this.most;
  }

  add(place: Place | undefined, message: string): void {
    this.push({ path: pathOf(place), message });
  }

  addAll({ list }: Problems): void {
    for (const problem of list) this.push(problem);
  }

  private push(problem: Problem): void {
    this.count++;
    if (!this.isFull) this.list.push(problem);
  }
}

function pathOf(place: Place | undefined): string[] {
  const path: string[] = [];
  for (let at = place; at; at = at.parent) path.unshift(at.key);
  return path;
}
