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
    const response = await this.#list(tags, from);
    const listed = (response.executions ?? []).map((execution) => execution.execution?.workflowId ?? '');
    const unlisted = from ? [] : this.#unlisted(tags, listed);
    // A workflow that was reset has a row a run.
    const tasks = await this.#read([...new Set([...unlisted, ...listed])]);
    const next = response.nextPageToken;
    return { tasks, ...(next && next.length > 0 ? { next } : {}) };
  }

  #unlisted(tags: readonly string[], listed: readonly string[]): string[] {
    const ranges = tags.map(idRange);
    return [...this.#recent.keys()].filter((id) => !listed.includes(id) && ranges.some(([first, last]) => id >= first && id < last));
  }

  async #list(tags: readonly string[], from: Uint8Array | undefined) {
    const ranges = tags.map(idRange).map(([first, last]) => `WorkflowId BETWEEN '${first}' AND '${last}'`);
    // One row a task, whatever Temporal did beneath: the earlier runs of a chain are not tasks of their own.
    const query = `(${ranges.join(' OR ')}) AND ExecutionStatus != 'ContinuedAsNew'`;
    const { client } = this.calls;
    const request = { namespace: client.options.namespace, query, pageSize: PAGE, ...(from ? { nextPageToken: from } : {}) };
    // Visibility is rate-limited (10 lists a second by default); a refused one is tried again until the deadline.
    return await this.calls.run(within(DEADLINE.list), async () => await client.workflowService.listWorkflowExecutions(request));
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
