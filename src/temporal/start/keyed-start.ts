/**
 * Starts tasks under idempotency keys. The workflow ID is derived from the key, so Temporal itself prevents duplicates.
 *
 * A task that has expired or given way still occupies its ID for as long as Temporal keeps the workflow. The key's next
 * task is therefore a new generation, a number that is part of what the ID is derived from. A generation starts only
 * once all others have given way, and giving way is permanent. So at most one generation is the key's task, and any
 * that has not given way is the one.
 * @module
 */
import { isMcpTasksError, McpTasksError } from '../../task/errors.js';
import { canonicalJson, givesWay, type IdempotencyKey } from '../../task/idempotency-key.js';
import type { Keyring } from '../../task/keyring.js';
import type { Task } from '../../task/task.js';
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import { describe, memoOf, type Description } from '../read/describe.js';
import { searchGenerations } from './generations.js';
import type { TaskReader } from '../read/read.js';
import type { StartRequest } from './start-request.js';
import type { TaskStarter } from './start-task.js';

/** How many times to try a start if its ID is taken meanwhile by a task that is gone right away. */
const ATTEMPTS = 5;

const REUSED = {
  client:
    'This idempotency key belongs to a task with other arguments. Repeat the call with the same arguments, or use a new key.',
  answer: 'The answer in this call has already been used. Repeat the call without requestState to be asked again.',
  tool: 'The tool treats this call as a repeat of an earlier one that had other arguments. Repeat it with those arguments, or wait until that task has expired.',
} as const;

export class KeyedStarts {
  constructor(
    private readonly calls: Calls,
    private readonly keys: Keyring,
    private readonly reader: TaskReader,
    private readonly starter: TaskStarter,
  ) {}

  /**
   * Returns the key's task, and starts it if there is none.
   * @throws McpTasksError `KEY_REUSED` if that task has other arguments or the key's answer has already been used, and
   * whatever {@link TaskStarter.start} throws
   */
  async findOrStart(owner: string, key: IdempotencyKey, request: StartRequest): Promise<Task> {
    const idsOf = (generation: number): readonly [string, ...string[]] =>
      this.keys.namedTaskIds(owner, JSON.stringify([request.tool.name, key.by, key.text, generation]));
    const until = within(DEADLINE.keyedStart);
    const call: KeyedCall = { key, canonical: canonicalJson(request.args), until };
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { found, free } = await searchGenerations(
        async (generation) => await this.#taken(idsOf(generation), until),
      );
      const tasks = await Promise.all(found.map(async (id) => await this.#read(id, until)));
      const kept = tasks.find((task) => task && !givesWay(task, key));
      if (kept) return await this.#same(kept, call);
      if (key.by === 'answer' && found.length > 0) throw new McpTasksError('KEY_REUSED', REUSED.answer);
      const [id] = idsOf(free);
      const { task, created } = await this.starter.start(
        request,
        { id, argumentsHash: this.keys.sign('arguments', signed(id, call)) },
        until,
      );
      if (created) return task;
      // Another call was faster. Return its task even if that has failed meanwhile. Otherwise many simultaneous calls
      // would start one task after another.
      const other = await this.#read(id, until);
      if (other) return await this.#same(other, call);
    }
    throw new McpTasksError(
      'TEMPORAL_UNAVAILABLE',
      'The tasks with this idempotency key expire as soon as they start. Try again with a longer ttl.',
    );
  }

  /**
   * Returns the ID of this generation's task, if there is one. It may have been derived from a previous key of the
   * keyring.
   */
  async #taken(ids: readonly string[], until: number): Promise<string | undefined> {
    const descriptions = await Promise.all(ids.map(async (id) => await this.#describe(id, until)));
    return ids.find((_, index) => descriptions[index]);
  }

  async #same(task: Task, call: KeyedCall): Promise<Task> {
    const description = await this.#describe(task.id, call.until);
    const memo = description && (await memoOf(this.calls, description, call.until));
    if (memo && this.keys.verify('arguments', signed(task.id, call), memo.argumentsHash ?? '')) return task;
    throw new McpTasksError('KEY_REUSED', REUSED[call.key.by]);
  }

  async #describe(id: string, until: number): Promise<Description | undefined> {
    return await describe(this.calls, id, until).catch(noTask);
  }

  /** Reads a task; `undefined` if there is none or it has expired. */
  async #read(id: string, until: number): Promise<Task | undefined> {
    return await this.reader.read(id, until).catch(noTask);
  }
}

interface KeyedCall {
  readonly key: IdempotencyKey;
  readonly canonical: string;
  readonly until: number;
}

/**
 * Returns the text to sign. It includes the ID, so that the signatures do not reveal that two tasks have equal
 * arguments.
 */
function signed(id: string, { canonical }: KeyedCall): string {
  return `${id}\0${canonical}`;
}

function noTask(error: unknown): undefined {
  if (isMcpTasksError(error, 'TASK_NOT_FOUND')) return undefined;
  throw error;
}
