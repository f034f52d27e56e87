/**
 * Lists an owner's tasks from Temporal's visibility store. The query is a range of workflow IDs, which the primary
 * index answers without any custom search attribute. The store lags behind starts, so this process adds the tasks that
 * it created itself.
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

/** How many tasks of a page are read concurrently. */
const AT_ONCE = 10;

export interface TaskPage {
  readonly tasks: Task[];
  /** Where the next page starts; absent on the last page. */
  readonly next?: Uint8Array;
}

/** How many listings in progress are remembered, and for how long after their latest page, in milliseconds. */
const LISTINGS = { max: 1_000, ttl: 5 * 60_000 };

interface Place {
  /** Identifies the listing; the same on all of its pages. */
  readonly listing: string;
  /** The page number, from 0. Requesting the same page again yields the same tasks. */
  readonly page: number;
  /**
   * Visibility's own page token, in base64. Absent as long as the pages hold tasks that visibility does not show yet.
   */
  readonly token?: string;
}

export class TaskList {
  readonly #recent: RecentTasks;
  /**
   * The task IDs that each listing has returned, and on which page. Prevents duplicates when visibility catches up
   * between pages, or moves a task from the running to the closed ones. If pages are served by different processes,
   * duplicates are still possible.
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
      // Visibility has a row per run, so a reset workflow has several.
      const fresh = [...new Set(ids)].filter(isFresh);
      for (const id of fresh) given.set(id, page);
      return await this.#read(fresh, until);
    };
    // List tasks that visibility does not show yet, then those it does.
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
    // Leave out runs that continued as new: they are earlier runs of a task, not tasks of their own.
    const query = `(${which}) AND ExecutionStatus != 'ContinuedAsNew'`;
    const { client } = this.calls;
    const request = {
      namespace: client.options.namespace,
      query,
      pageSize: PAGE,
      ...(from ? { nextPageToken: from } : {}),
    };
    // Visibility is rate-limited (10 list calls a second by default); a refused call is retried until the deadline.
    const { executions, nextPageToken } = await this.calls.run(
      until,
      async () => await client.workflowService.listWorkflowExecutions(request),
    );
    return { ids: (executions ?? []).map(({ execution }) => execution?.workflowId ?? ''), next: nextPageToken };
  }

  /**
   * Reads tasks the same way as `tasks/get`, so that both always agree. Leaves out tasks that are gone or cannot be
   * read, so that they do not block the rest of the list. If the codec failed and no task could be read at all, throws
   * that failure.
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

/**
 * Maps a read error: `undefined` if the task does not exist or can never be read, the error if it cannot be read right
 * now.
 */
function without(error: unknown): Error | undefined {
  if (isMcpTasksError(error, 'TASK_NOT_FOUND') || isMcpTasksError(error, 'PAYLOAD_UNREADABLE')) return undefined;
  if (isMcpTasksError(error, 'CODEC_FAILED')) return error;
  throw error;
}
