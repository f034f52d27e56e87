/** Something that runs tasks: a server of this package, a peer, or bare Temporal. @module */

export interface Contestant {
  /** Starts a task. @returns its ID */
  submit(tool: string, args?: object): Promise<string>;
  /** Reads a task. */
  get(id: string): Promise<unknown>;
  /** Waits until a task has completed. @returns its result */
  result(id: string): Promise<unknown>;
}

/** How long to wait between two looks at a task, in milliseconds: what {@link poll} begins and ends with. */
const [FIRST_LOOK, LAST_LOOK] = [5, 100];

/** Waits for a result as a client does that has to ask. */
export async function poll<Task>(get: () => Promise<Task>, ended: (task: Task) => boolean): Promise<Task> {
  for (let pause = FIRST_LOOK; ; pause = Math.min(2 * pause, LAST_LOOK)) {
    const task = await get();
    if (ended(task)) return task;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Returns when the function of a task ended, by the shared clock, from the task's result in any form. */
export function endOf(result: unknown): number {
  const ended = /\\*"ended\\*":\s*([\d.]+)/.exec(JSON.stringify(result))?.[1];
  if (ended === undefined) throw new Error(`not a result of the benchmark: ${JSON.stringify(result)}`);
  return Number(ended);
}
