/**
 * Starts tasks under idempotency keys. The workflow ID is derived from the key, so Temporal itself prevents duplicates.
 *
 * A task that has expired or given way still occupies its ID for as long as Temporal keeps the workflow. The key's next
 * task is therefore a new generation, a number that is part of what the ID is derived from. A generation starts only
 * once all others have given way, and giving way is permanent. So at most one generation is the key's task, and any
 * that has not given way is the one.
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isMcpTasksError, McpTasksError } from '../../task/errors.js';
import { canonicalJson, givesWay, isGivingWay, type IdempotencyKey } from '../../task/idempotency-key.js';
import type { Keyring } from '../../task/keyring.js';
import type { Task } from '../../task/task.js';
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import { describe, type Description } from '../read/describe.js';
import { searchGenerations, WINDOW, type Generations } from './generations.js';
import { NotedGeneration } from './noted-generation.js';
import type { TaskReader } from '../read/read.js';
import type { StartRequest } from './start-request.js';
import type { TaskStarter } from './start-task.js';

/** How many times to try a start if its ID is taken meanwhile by a task that is gone right away. */
const ATTEMPTS = 5;
/** How often to check whether a cancelled task's workflow has closed, in milliseconds. */
const CLOSING_CHECK = 250;
/** The time that a start reserves for itself during that wait, in milliseconds. */
const RESERVED = 2_000;

const REUSED = {
  client:
    'This idempotency key already belongs to a task with different arguments. Repeat the call with the original arguments, or use a new key.',
  answer:
    'The answer in this call has already been used to start a task. To be asked again, repeat the call without requestState.',
  tool: 'The tool treats this call as a repeat of an earlier one with different arguments. Repeat it with the original arguments, or wait until the earlier task has expired.',
  unknown:
    "This call's task no longer records the arguments it was started with, so this call cannot be compared with it. Wait until that task has ended, or use a new key.",
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
    const name = [request.tool.name, key.by, key.text];
    const numbered = (generation: number): string => JSON.stringify([...name, generation]);
    const idsOf = (generation: number) => this.keys.namedTaskIds(owner, numbered(generation));
    const earlierIdsOf = (generation: number) => this.keys.earlierTaskIds(owner, numbered(generation));
    const note = new NotedGeneration(this.calls, this.keys.noteIds(owner, JSON.stringify(name)));
    const until = within(DEADLINE.keyedStart);
    const call: KeyedCall = { key, canonical: canonicalJson(request.args), until };
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const noted = await note.get(until);
      const { found, free, ...current } = await this.#search(idsOf, call, noted);
      // A task that an earlier version started keeps its key too. Look for it only if there is no other.
      const earlier = current.kept ? undefined : await this.#search(earlierIdsOf, call);
      const kept = current.kept ?? earlier?.kept;
      if (kept && isGivingWay(kept, key)) {
        await this.#untilClosed(kept, until);
        continue;
      }
      if (kept) return await this.#same(kept, call);
      if (key.by === 'answer' && [...found, ...(earlier?.found ?? [])].length > 0)
        throw new McpTasksError('KEY_REUSED', REUSED.answer);
      if (free >= WINDOW) await note.set(free, until);
      else if (noted !== undefined && !found.some((one) => idsOf(noted).includes(one))) await note.clear(until);
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
      'TASK_ENDING',
      'Other calls with this idempotency key were faster, but their tasks have already expired or ended. This call started nothing. Repeat it; if the same happens again, use a longer ttl.',
    );
  }

  /**
   * Searches the key's generations.
   * @param idsOf returns the IDs that a generation's task can have: one per key of the keyring
   * @returns also `kept`, the generation that has not been replaced
   */
  async #search(
    idsOf: (generation: number) => readonly string[],
    { key, until }: KeyedCall,
    noted?: number,
  ): Promise<Generations<string> & { readonly kept: Task | undefined }> {
    const generations = await searchGenerations(
      async (generation) => await this.#taken(idsOf(generation), until),
      noted,
    );
    const tasks = await Promise.all(generations.found.map(async (id) => await this.#read(id, until)));
    return { ...generations, kept: tasks.find((task) => task && !givesWay(task, key)) };
  }

  /** Returns the first of the IDs that is taken, if any. */
  async #taken(ids: readonly string[], until: number): Promise<string | undefined> {
    const descriptions = await Promise.all(ids.map(async (id) => await this.#describe(id, until)));
    return ids.find((_, index) => descriptions[index]);
  }

  async #same(task: Task, call: KeyedCall): Promise<Task> {
    const memo = await this.reader.memo(task.id, call.until).catch(noTask);
    if (memo?.argumentsHash === undefined) throw new McpTasksError('KEY_REUSED', REUSED.unknown);
    if (this.keys.verify('arguments', signed(task.id, call), memo.argumentsHash)) return task;
    throw new McpTasksError('KEY_REUSED', REUSED[call.key.by]);
  }

  /** Waits for a cancelled task's workflow to close, as long as there is time left to start the next task. */
  async #untilClosed({ id }: Task, until: number): Promise<void> {
    for (;;) {
      const description = await this.#describe(id, until);
      if (!description || description.endedAt !== undefined) return;
      if (Date.now() + CLOSING_CHECK > until - RESERVED)
        throw new McpTasksError(
          'TASK_ENDING',
          `The previous task for this call, ${id}, was cancelled, but its work has not ended yet. Wait a few seconds, then repeat the call.`,
        );
      await delay(CLOSING_CHECK);
    }
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
