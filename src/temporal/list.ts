/**
 * An owner's tasks, from Temporal's visibility store: a range of workflow IDs, which its primary index answers, and
 * which needs no search attribute of ours. The store lags behind a start, so a server adds what it created itself.
 * @module
 */
import { LRUCache } from 'lru-cache';
import { isMcpTasksError } from '../task/errors.js';
import { idRange } from '../task/id.js';
import type { Task } from '../task/task.js';
import { DEADLINE, within, type Calls } from './calls.js';
import type { TaskReader } from './read.js';

/** Tasks on one page. */
const PAGE = 50;
/** How many tasks of a page are read at once. */
const AT_ONCE = 10;
/** How long a newly created task is added to lists, in milliseconds: longer than the visibility store's usual lag. */
const LAG = 30_000;

export interface TaskPage {
  readonly tasks: Task[];
  /** Where the next page starts; absent on the last. */
  readonly next?: Uint8Array;
}

export class TaskList {
  readonly #recent = new LRUCache<string, true>({ max: 1_000 });

  constructor(
    private readonly calls: Calls,
    private readonly reader: TaskReader,
  ) {}

  /** Remembers a task that visibility may not show yet; one that is older than its lag needs no remembering. */
  created({ id, createdAt }: Pick<Task, 'id' | 'createdAt'>): void {
    const ttl = createdAt + LAG - Date.now();
    if (ttl > 0) this.#recent.set(id, true, { ttl });
  }

  async page(tags: readonly string[], from?: Uint8Array): Promise<TaskPage> {
    const ranges = tags.map(idRange).map(([first, last]) => `WorkflowId BETWEEN '${first}' AND '${last}'`);
    const { ids, next } = await this.#visible(ranges.join(' OR '), from);
    const unlisted = from ? [] : await this.#unlisted(tags, ids);
    // A workflow that was reset has a row a run.
    const tasks = await this.#read([...new Set([...unlisted, ...ids])]);
    return { tasks, ...(next && next.length > 0 ? { next } : {}) };
  }

  /** The newest of those that visibility does not show yet; the others come on their page. At most a page of them. */
  async #unlisted(tags: readonly string[], listed: readonly string[]): Promise<string[]> {
    const ranges = tags.map(idRange);
    for (const id of listed) this.#recent.delete(id);
    const recent = [...this.#recent.keys()].filter((id) => ranges.some(([first, last]) => id >= first && id < last)).slice(0, PAGE);
    if (recent.length === 0) return [];
    const { ids } = await this.#visible(`WorkflowId IN (${recent.map((id) => `'${id}'`).join(', ')})`);
    for (const id of ids) this.#recent.delete(id);
    return recent.filter((id) => !ids.includes(id));
  }

  async #visible(which: string, from?: Uint8Array): Promise<{ ids: string[]; next: Uint8Array | null | undefined }> {
    // One row a task, whatever Temporal did beneath: the earlier runs of a chain are not tasks of their own.
    const query = `(${which}) AND ExecutionStatus != 'ContinuedAsNew'`;
    const { client } = this.calls;
    const request = { namespace: client.options.namespace, query, pageSize: PAGE, ...(from ? { nextPageToken: from } : {}) };
    // Visibility is rate-limited (10 lists a second by default); a refused one is tried again until the deadline.
    const { executions, nextPageToken } = await this.calls.run(within(DEADLINE.list), async () => await client.workflowService.listWorkflowExecutions(request));
    return { ids: (executions ?? []).map(({ execution }) => execution?.workflowId ?? ''), next: nextPageToken };
  }

  /** Each through the same read as `tasks/get`, so that both always say the same; what has gone in between is left out. */
  async #read(ids: readonly string[]): Promise<Task[]> {
    const tasks: Task[] = [];
    for (let start = 0; start < ids.length; start += AT_ONCE) {
      const read = ids.slice(start, start + AT_ONCE).map(async (id) => await this.reader.read(id, DEADLINE.list).catch(noTask));
      tasks.push(...(await Promise.all(read)).filter((task) => task !== undefined));
    }
    return tasks;
  }
}

function noTask(error: unknown): undefined {
  if (isMcpTasksError(error, 'TASK_NOT_FOUND')) return undefined;
  throw error;
}
