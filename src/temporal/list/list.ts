/**
 * An owner's tasks, from Temporal's visibility store: a range of workflow IDs, which its primary index answers, and
 * which needs no search attribute of ours. The store lags behind a start, so a server adds what it created itself.
 * @module
 */
import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { isMcpTasksError } from '../../task/errors.js';
import { idRange } from '../../task/id.js';
import type { Task } from '../../task/task.js';
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import type { TaskReader } from '../read/read.js';
import { PAGE, RecentTasks } from './recent.js';

/** How many tasks of a page are read at once. */
const AT_ONCE = 10;

export interface TaskPage {
  readonly tasks: Task[];
  /** Where the next page starts; absent on the last. */
  readonly next?: Uint8Array;
}

/** How many listings under way are remembered, and for how long after the last page, in milliseconds. */
const LISTINGS = { max: 1_000, ttl: 5 * 60_000 };

interface Place {
  /** All pages of one listing name the same. */
  readonly listing: string;
  /** Which page it is, from 0: one that is asked for again is the same again. */
  readonly page: number;
  /** Where visibility's own pages go on, in base64; before there is one, the pages are of what visibility does not show yet. */
  readonly token?: string;
}

export class TaskList {
  readonly #recent: RecentTasks;
  /**
   * What a listing has had already, and on which page. It would have it twice: what visibility shows by now, and what it moves from the running
   * tasks to the closed ones. At another process it still may.
   */
  readonly #given = new LRUCache<string, Map<string, number>>(LISTINGS);

  constructor(
    private readonly calls: Calls,
    private readonly reader: TaskReader,
  ) {
    this.#recent = new RecentTasks(
      async (ids, until) =>
        (await this.#visible(`WorkflowId IN (${ids.map((id) => `'${id}'`).join(', ')})`, until)).ids,
    );
  }

  /** Remembers a task that visibility may not show yet. */
  created(task: Pick<Task, 'id' | 'createdAt'>): void {
    this.#recent.add(task);
  }

  async page(tags: readonly string[], from?: Uint8Array): Promise<TaskPage> {
    const until = within(DEADLINE.list);
    const ranges = tags.map(idRange);
    const { listing, page, token }: Place = from
      ? (JSON.parse(Buffer.from(from).toString()) as Place)
      : { listing: randomUUID(), page: 0 };
    const given = this.#given.get(listing) ?? new Map<string, number>();
    const isFresh = (id: string): boolean => (given.get(id) ?? page) === page;
    this.#given.set(listing, given);
    const read = async (ids: readonly string[]): Promise<Task[]> => {
      // A workflow that was reset has a row a run.
      const fresh = [...new Set(ids)].filter(isFresh);
      for (const id of fresh) given.set(id, page);
      return await this.#read(fresh, until);
    };
    // First what visibility does not show yet, then what it does.
    const unlisted = token === undefined ? await this.#recent.page(ranges, isFresh, until) : [];
    if (unlisted.length > 0)
      return {
        tasks: await read(unlisted),
        next: Buffer.from(JSON.stringify({ listing, page: page + 1 } satisfies Place)),
      };
    const which = ranges.map(([first, last]) => `WorkflowId BETWEEN '${first}' AND '${last}'`).join(' OR ');
    const { ids, next } = await this.#visible(
      which,
      until,
      token === undefined ? undefined : Buffer.from(token, 'base64'),
    );
    const tasks = await read(ids);
    if (!next || next.length === 0) return { tasks };
    return {
      tasks,
      next: Buffer.from(
        JSON.stringify({ listing, page: page + 1, token: Buffer.from(next).toString('base64') } satisfies Place),
      ),
    };
  }

  async #visible(
    which: string,
    until: number,
    from?: Uint8Array,
  ): Promise<{ ids: string[]; next: Uint8Array | null | undefined }> {
    // One row a task, whatever Temporal did beneath: the earlier runs of a chain are not tasks of their own.
    const query = `(${which}) AND ExecutionStatus != 'ContinuedAsNew'`;
    const { client } = this.calls;
    const request = {
      namespace: client.options.namespace,
      query,
      pageSize: PAGE,
      ...(from ? { nextPageToken: from } : {}),
    };
    // Visibility is rate-limited (10 lists a second by default); a refused one is tried again until the deadline.
    const { executions, nextPageToken } = await this.calls.run(
      until,
      async () => await client.workflowService.listWorkflowExecutions(request),
    );
    return { ids: (executions ?? []).map(({ execution }) => execution?.workflowId ?? ''), next: nextPageToken };
  }

  /**
   * Each through the same read as `tasks/get`, so that both always say the same. What has gone in between is left out, and what
   * cannot be read, which shall not keep the others from being listed; where a codec fails at all of them it is away.
   */
  async #read(ids: readonly string[], until: number): Promise<Task[]> {
    const tasks: Task[] = [];
    let failure: Error | undefined;
    for (let start = 0; start < ids.length; start += AT_ONCE) {
      const read = ids
        .slice(start, start + AT_ONCE)
        .map(async (id) => await this.reader.read(id, until).catch(without));
      for (const task of await Promise.all(read)) {
        if (task instanceof Error) failure ??= task;
        else if (task) tasks.push(task);
      }
    }
    if (failure && tasks.length === 0) throw failure;
    return tasks;
  }
}

/** `undefined`: there is no such task, or none that could ever be read; an error: it could not be read just now. */
function without(error: unknown): Error | undefined {
  if (isMcpTasksError(error, 'TASK_NOT_FOUND') || isMcpTasksError(error, 'PAYLOAD_UNREADABLE')) return undefined;
  if (isMcpTasksError(error, 'CODEC_FAILED')) return error;
  throw error;
}
