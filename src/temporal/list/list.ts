/**
 * Lists an owner's tasks from Temporal's visibility store. The query is a range of workflow IDs, which the primary
 * index answers without any custom search attribute. The store lags behind starts, so a listing has two phases: first
 * the tasks that this process created and that the store does not show yet, then those that it shows.
 * @module
 */
import { randomUUID } from 'node:crypto';
import { idRange } from '../../task/id.js';
import type { Task } from '../../task/task.js';
import type { TaskReader } from '../read/read.js';
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import { inRanges, type Ranges } from './in-ranges.js';
import { readMany } from './read-many.js';
import { PAGE, RecentTasks } from './recent.js';
import { ReturnedTasks, type PageMemory } from './returned.js';

export interface TaskPage {
  readonly tasks: Task[];
  /** Where the next page starts; absent on the last page. */
  readonly next?: Uint8Array;
}

/** A place in a listing, as its cursor holds it. */
interface Place {
  /** Identifies the listing; the same on all of its pages. */
  readonly listing: string;
  /** The page number, from 0. */
  readonly page: number;
  /** Visibility's own page token, in base64. Absent until the second phase has returned a page. */
  readonly token?: string;
}

/** The IDs of a page's tasks, and where the next page starts. */
interface PageOfIds {
  readonly ids: string[];
  readonly next?: Place;
}

export class TaskList {
  readonly #recent: RecentTasks;
  readonly #returned = new ReturnedTasks();

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

  /**
   * Returns a page of the tasks with these owner tags.
   * @param from the previous page's `next`. @default the first page
   */
  async page(tags: readonly string[], from?: Uint8Array): Promise<TaskPage> {
    const until = within(DEADLINE.list);
    const place: Place = from ? fromBytes(from) : { listing: randomUUID(), page: 0 };
    const memory = this.#returned.page(place);
    const ranges = tags.map(idRange);
    const { ids, next } =
      (await this.#unlistedPage(ranges, place, memory, until)) ?? (await this.#visiblePage(ranges, place, until));
    const tasks = await readMany(this.reader, memory.take(ids), until);
    return { tasks, ...(next ? { next: toBytes(next) } : {}) };
  }

  /** Counts the running tasks with these owner tags that started before a time, in milliseconds since 1970. */
  async countRunning(tags: readonly string[], before: number): Promise<number> {
    const until = within(DEADLINE.list);
    const query = `(${inRanges(tags.map(idRange))}) AND ExecutionStatus = 'Running' AND StartTime < '${new Date(before).toISOString()}'`;
    const { client } = this.calls;
    const request = { namespace: client.options.namespace, query };
    const { count } = await this.calls.run(
      until,
      async () => await client.workflowService.countWorkflowExecutions(request),
    );
    return Number(count ?? 0);
  }

  /** The first phase: a page of the tasks that visibility does not show yet; `undefined` once there are no more. */
  async #unlistedPage(
    ranges: Ranges,
    { listing, page, token }: Place,
    { isFresh }: PageMemory,
    until: number,
  ): Promise<PageOfIds | undefined> {
    if (token !== undefined) return undefined;
    const ids = await this.#recent.page(ranges, isFresh, until);
    return ids.length === 0 ? undefined : { ids, next: { listing, page: page + 1 } };
  }

  /** The second phase: a page of the tasks that visibility shows. It has a row per run, so IDs may repeat. */
  async #visiblePage(ranges: Ranges, { listing, page, token }: Place, until: number): Promise<PageOfIds> {
    const { ids, next } = await this.#visible(
      inRanges(ranges),
      until,
      token === undefined ? undefined : Buffer.from(token, 'base64'),
    );
    if (!next?.length) return { ids };
    return { ids, next: { listing, page: page + 1, token: Buffer.from(next).toString('base64') } };
  }

  async #visible(
    chosen: string,
    until: number,
    from?: Uint8Array,
  ): Promise<{ ids: string[]; next: Uint8Array | null | undefined }> {
    // Leave out runs that continued as new: they are earlier runs of a task, not tasks of their own.
    const query = `(${chosen}) AND ExecutionStatus != 'ContinuedAsNew'`;
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
}

function toBytes(place: Place): Uint8Array {
  return Buffer.from(JSON.stringify(place));
}

function fromBytes(bytes: Uint8Array): Place {
  return JSON.parse(Buffer.from(bytes).toString()) as Place;
}
