/**
 * The engine: MCP tasks on a Temporal client, without the MCP SDK. Methods take the owner on whose behalf they act;
 * other owners' tasks do not exist for that owner. All methods can also throw `TEMPORAL_REFUSED` if an operator has to
 * fix permissions, credentials or the namespace.
 * @module
 */
import type { Client, ConnectionLike } from '@temporalio/client';
import type { Logger } from '../local/log.js';
import { openCursor, sealCursor } from '../task/cursor.js';
import { milliseconds, type Duration } from '../task/duration.js';
import { isMcpTasksError, McpTasksError } from '../task/errors.js';
import { refusedAnswer } from '../task/input.js';
import { isLarge, worthSending } from '../task/answer.js';
import { belongsTo, newTaskId } from '../task/id.js';
import type { Keyring } from '../task/keyring.js';
import type { Outcome, Task } from '../task/task.js';
import type { FilePart, FileRequest } from '../task/task-file.js';
import type { DurableTool } from '../tool/define-tool.js';
import { answerExisting } from './answer/answer-existing.js';
import { requestCancel } from './answer/cancel.js';
import { Calls, DEADLINE, taskNotFound, within } from './rpc/calls.js';
import { KeyedStarts } from './start/keyed-start.js';
import { TaskList } from './list/list.js';
import { readTaskFile } from './read/task-file.js';
import { TaskReader, type View } from './read/read.js';
import {
  claim,
  keep,
  release,
  reply,
  respond,
  type ClaimAnswer,
  type ClaimRequest,
  type Replies,
} from './answer/respond.js';
import type { StartRequest } from './start/start-request.js';
import { TaskStarter } from './start/start-task.js';
import { StartedTasks } from './start/started-tasks.js';
import type { Wanted } from './watch/follower.js';
import { Watchers } from './watch/watchers.js';

/** The options of an `Engine`. */
export interface EngineOptions {
  /** The client of the namespace that the tasks are in: {@link temporalClient} makes one. */
  readonly client: Client;
  /** The keys that bind task IDs to owners. */
  readonly keys: Keyring;
  /** The task queue for tools that do not name one. */
  readonly taskQueue: string;
  /**
   * How long a finished task stays readable, even after its ttl has passed. The namespace's retention limits it.
   * @default '1 hour'
   */
  readonly resultRetention?: Duration;
  /** Whether the janitor may delete the closed workflows of this engine's tasks once they have expired. @default false */
  readonly deleteExpired?: boolean;
  /** The maximum number of concurrent long polls, shared by all waits of this engine. @default 300 */
  readonly maxLongPolls?: number;
  /** Logs that Temporal's visibility store fails while this engine relies on it. @default nothing is logged */
  readonly logger?: Logger;
  /** Keeps this engine's task IDs apart from those of other engines with the same keys. @default none */
  readonly scope?: string;
}

/** The options of {@link Engine.watch}. */
export interface WatchOptions {
  /**
   * Whether to also look for progress of the task's steps: every second while it moves, less often while it does not.
   * @default always
   */
  readonly progress?: (task: Task) => boolean;
  /**
   * Whether to show any other change, such as a message or a question. If neither this nor progress is wanted, only the
   * task's end is certain to be shown.
   * @default always
   */
  readonly news?: (task: Task) => boolean;
  /**
   * Whether progress and other changes are needed. If not, only the task's end is sure to be shown while there are more
   * waits than long polls.
   * @default always
   */
  readonly closely?: (task: Task) => boolean;
  /**
   * Whether to throw, instead of waiting, if Temporal or a codec is unavailable for the first read.
   * @default false
   */
  readonly impatient?: boolean;
}

export class Engine {
  readonly #calls: Calls;
  readonly #keys: Keyring;
  readonly #scope: string | undefined;
  readonly #taskQueue: string;
  readonly #reader: TaskReader;
  readonly #starter: TaskStarter;
  readonly #keyed: KeyedStarts;
  readonly #list: TaskList;
  readonly #started = new StartedTasks();
  readonly #watchers: Watchers;

  /** @throws McpTasksError `CONFIGURATION` if `resultRetention` is not a duration */
  constructor({
    client,
    keys,
    taskQueue,
    resultRetention = '1 hour',
    deleteExpired = false,
    maxLongPolls = 300,
    logger,
    scope,
  }: EngineOptions) {
    this.#calls = new Calls(client);
    this.#keys = keys;
    this.#scope = scope;
    this.#taskQueue = taskQueue;
    this.#reader = new TaskReader(this.#calls);
    this.#starter = new TaskStarter(
      this.#calls,
      { taskQueue, resultRetention: milliseconds(resultRetention, 'resultRetention'), deleteExpired },
      this.#started,
    );
    this.#keyed = new KeyedStarts(this.#calls, keys, this.#reader, this.#starter);
    this.#list = new TaskList(this.#calls, this.#reader);
    this.#watchers = new Watchers(this.#calls, this.#reader, this.#started, { maxLongPolls, logger });
  }

  /**
   * Starts a task, or returns the one that already has its idempotency key. After that, any engine with the same keys,
   * scope and namespace can serve the task's ID.
   * @throws McpTasksError `INVALID_ARGUMENTS` if the arguments are too large, `KEY_REUSED` if the idempotency key's
   * task has other arguments or its answer has already been used, `TEMPORAL_UNAVAILABLE`
   */
  async start(request: StartRequest): Promise<Task> {
    const { owner, key } = request;
    const scoped = this.#scoped(owner);
    const [tag] = this.#keys.ownerTags(scoped);
    // If a random ID is taken, an earlier attempt of this same start took it and its response was lost.
    const task = key
      ? await this.#keyed.findOrStart(scoped, key, request)
      : (await this.#starter.start(request, { id: newTaskId(tag) })).task;
    this.#list.created(task);
    return task;
  }

  /**
   * Starts the tasks of short tools on the connection of a worker in this process from now on.
   * @returns a function that stops this. Call it before the connection closes
   */
  hasWorker(connection: ConnectionLike): () => void {
    return this.#starter.workers.add(connection);
  }

  /**
   * Returns the task as it is now.
   * @throws McpTasksError `TASK_NOT_FOUND`, `TEMPORAL_UNAVAILABLE`; for the task's payloads `CODEC_FAILED`,
   * `PAYLOAD_UNREADABLE`, and `CONFIGURATION` if a codec server refuses
   */
  async get(owner: string, id: string): Promise<Task> {
    this.#own(owner, id);
    return await this.#reader.read(id);
  }

  /**
   * Reads a part of a file of a command tool's task.
   * @param tool the task's tool
   * @returns why there is none, if so
   * @throws McpTasksError `TASK_NOT_FOUND`, `NO_WORKER` if no worker answers in time, `TEMPORAL_UNAVAILABLE`
   */
  async readFile(
    owner: string,
    { id }: Pick<Task, 'id'>,
    tool: DurableTool | undefined,
    request: Omit<FileRequest, 'taskId'>,
  ): Promise<FilePart | { readonly missing: string }> {
    this.#own(owner, id);
    if (tool?.work.kind !== 'function' || !tool.work.command) return { missing: 'its tool runs no program' };
    const workers = { name: tool.name, taskQueue: tool.taskQueue ?? this.#taskQueue };
    return await readTaskFile(this.#calls, workers, { ...request, taskId: id });
  }

  /**
   * Waits for the end of a task, by history long poll. A cancelled task has ended even if its workflow is still
   * cleaning up. Waits through outages of Temporal and of a codec.
   * @throws McpTasksError `TASK_NOT_FOUND`, `TEMPORAL_REFUSED`, `PAYLOAD_UNREADABLE`, `CONFIGURATION` if a codec server
   * refuses; `TEMPORAL_UNAVAILABLE` after {@link close}; the signal's reason
   */
  async result(owner: string, id: string, signal?: AbortSignal): Promise<Task & { readonly outcome: Outcome }> {
    this.#own(owner, id);
    for await (const task of this.#watchers.watch({ owner, id, signal }, { wanted: () => 'ending' })) {
      if (task.outcome) return { ...task, outcome: task.outcome };
    }
    throw taskNotFound();
  }

  /**
   * Yields the task now and each time it changes, until it has ended. A slow consumer gets only the newest view.
   * @throws as {@link result}; if `impatient`, also `TEMPORAL_UNAVAILABLE` and `CODEC_FAILED`
   */
  watch(
    owner: string,
    id: string,
    signal?: AbortSignal,
    { progress = () => true, news = () => true, closely, impatient = false }: WatchOptions = {},
  ): AsyncGenerator<Task, void> {
    this.#own(owner, id);
    const wanted = (task: Task): Wanted => (progress(task) ? 'progress' : news(task) ? 'news' : 'ending');
    return this.#watchers.watch({ owner, id, signal }, { wanted, closely, impatient });
  }

  /**
   * Cancels the task's workflow. When this returns, the task reads as cancelled.
   * @throws McpTasksError `TASK_ENDED` if it has already ended, `TASK_NOT_FOUND`, `TEMPORAL_UNAVAILABLE`; as
   * {@link get}
   */
  async cancel(owner: string, id: string): Promise<Task> {
    this.#own(owner, id);
    const until = within(DEADLINE.cancel);
    const before = await this.#reader.read(id, Math.min(until, within(DEADLINE.read)));
    if (before.outcome) throw ended();
    try {
      this.#started.delete(id);
      await requestCancel(this.#calls, id, until);
      this.#watchers.look(id);
    } catch (error) {
      // It ended or was cancelled in between, or Temporal's answer was lost.
      const now = await this.#reader.read(id);
      if (now.outcome?.kind === 'cancelled') return now;
      throw now.outcome ? ended() : error;
    }
    const now = await this.#reader.read(id).catch(() => undefined);
    // Temporal accepts a request that comes just after the workflow has ended.
    if (now?.outcome && now.outcome.kind !== 'cancelled') throw ended();
    // The task is cancelled now, even if reading it fails.
    return (
      now ?? {
        ...before,
        updatedAt: Date.now(),
        outcome: { kind: 'cancelled' },
        inputs: {},
        steps: [],
      }
    );
  }

  /**
   * Answers the task's open input requests. Ignores answers to anything else.
   * @throws McpTasksError `NO_WORKER` if no worker took the answers in time, or none says whether an existing workflow
   * still asks; `INVALID_ARGUMENTS` if an existing workflow does not accept an answer; `TEMPORAL_UNAVAILABLE`; as
   * {@link get}
   */
  async respond(owner: string, id: string, answers: Readonly<Record<string, unknown>>): Promise<void> {
    this.#own(owner, id);
    const until = within(DEADLINE.respond);
    const view = await this.#reader.readRun(id, until);
    const { outcome, mapping } = view.task;
    if (outcome || Object.keys(answers).length === 0) return;
    // One of our own workflows knows which of its questions are open, so send it all answers: the last view may be
    // stale. An existing workflow cannot check answers this way.
    if (!mapping) {
      const worth = this.#reader.isCurrent(view) ? worthSending(answers, view.task.inputs) : answers;
      return Object.keys(worth).length === 0 ? undefined : await this.#respond(view, worth, until);
    }
    await answerExisting(this.#calls, {
      id,
      mapping,
      answers,
      isAsked: async (key) => await this.#reader.isAsked(view, key, until),
      until,
    });
  }

  /**
   * Delivers the reply to one of the task's input requests. Ignored if that request is no longer open. If no worker
   * takes it, Temporal keeps it, unless the workflow is an existing one. If the answer is too large, the workflow asks
   * again and says why, except for an existing workflow.
   * @param given the answer, or why there is none
   * @throws McpTasksError `NO_WORKER` and `INVALID_ARGUMENTS` for an existing workflow, as {@link respond};
   * `TEMPORAL_UNAVAILABLE`; as {@link get}
   */
  async reply(
    owner: string,
    id: string,
    key: string,
    given: { readonly answer: unknown } | { readonly unavailable: string },
  ): Promise<void> {
    this.#own(owner, id);
    const until = within(DEADLINE.reply);
    const { runId, mapping } = await this.#reader.run(id, Math.min(until, within(DEADLINE.read)));
    if (mapping) return 'answer' in given ? await this.respond(owner, id, { [key]: given.answer }) : undefined;
    if ('unavailable' in given)
      return await reply(this.#calls, id, { answers: {}, unavailable: { [key]: given.unavailable }, runId }, until);
    try {
      const answers = await this.#worthSending(id, { [key]: given.answer }, until);
      if (Object.keys(answers).length > 0) await reply(this.#calls, id, { answers, runId }, until);
    } catch (error) {
      if (!isMcpTasksError(error, 'INVALID_ARGUMENTS')) throw error;
      // The client does not see this error, so have the workflow ask again and say why.
      await reply(this.#calls, id, { answers: { [key]: refusedAnswer(error.message) }, runId }, until);
    }
  }

  /**
   * Claims an input request, so that only one server process sends it to the client.
   * @throws McpTasksError `NO_WORKER` if no worker can grant it, `TASK_NOT_FOUND`, `TEMPORAL_UNAVAILABLE`
   */
  async claim(owner: string, id: string, request: ClaimRequest): Promise<ClaimAnswer> {
    this.#own(owner, id);
    // An existing workflow cannot track who sends its question to the client. Even if several do, it is answered only
    // once.
    if ((await this.#reader.run(id, within(DEADLINE.read))).mapping) return 'granted';
    return await claim(this.#calls, id, request);
  }

  /**
   * Releases a claim, so that others can take it.
   * @throws McpTasksError `TASK_NOT_FOUND`, `TEMPORAL_UNAVAILABLE`
   */
  async release(owner: string, id: string, request: Pick<ClaimRequest, 'key' | 'claimant'>): Promise<void> {
    this.#own(owner, id);
    if ((await this.#reader.run(id, within(DEADLINE.read))).mapping) return;
    await release(this.#calls, id, request);
  }

  /**
   * Returns one page of the owner's tasks.
   * @throws McpTasksError `INVALID_CURSOR`, `TEMPORAL_UNAVAILABLE`
   */
  async list(owner: string, cursor?: string): Promise<{ tasks: Task[]; nextCursor?: string }> {
    const from = cursor === undefined ? undefined : openCursor(this.#keys, this.#scoped(owner), cursor);
    const { tasks, next } = await this.#list.page(this.#keys.ownerTags(this.#scoped(owner)), from);
    return { tasks, ...(next ? { nextCursor: sealCursor(this.#keys, this.#scoped(owner), next) } : {}) };
  }

  /**
   * Counts the owner's running tasks that started before a time, in milliseconds since 1970. Temporal's visibility store
   * lags behind, so it may miss tasks that are only seconds old.
   * @throws McpTasksError `TEMPORAL_UNAVAILABLE`
   */
  async countRunning(owner: string, before: number): Promise<number> {
    return await this.#list.countRunning(this.#keys.ownerTags(this.#scoped(owner)), before);
  }

  /**
   * Ends all waits and calls of this engine with `TEMPORAL_UNAVAILABLE`, and closes its connection. Tasks keep running.
   */
  async close(): Promise<void> {
    await this.#calls.close();
  }

  /** Whether the ID has the form of a task ID of this owner in this engine. */
  owns(owner: string, id: string): boolean {
    return belongsTo(id, this.#keys.ownerTags(this.#scoped(owner)));
  }

  /** Reads the task only if its questions matter: most answers are small. */
  async #worthSending(id: string, answers: Replies['answers'], until: number): Promise<Replies['answers']> {
    if (!isLarge(answers)) return answers;
    const view = await this.#reader.readRun(id, Math.min(until, within(DEADLINE.read)));
    return this.#reader.isCurrent(view) ? worthSending(answers, view.task.inputs) : answers;
  }

  /** If the workflow accepts no more updates, lets Temporal keep the answers to open questions. */
  async #respond({ task, runId }: View, answers: Replies['answers'], until: number): Promise<void> {
    try {
      await respond(this.#calls, task.id, { answers, runId }, until);
    } catch (error) {
      if (!isMcpTasksError(error, 'UPDATE_LIMIT')) throw error;
      const given = Object.entries(answers).filter(([key]) => Object.hasOwn(task.inputs, key));
      await keep(this.#calls, task.id, { answers: Object.fromEntries(given), runId });
    }
  }

  #own(owner: string, id: string): void {
    if (!this.owns(owner, id)) throw taskNotFound();
  }

  #scoped(owner: string): string {
    return this.#scope === undefined ? owner : JSON.stringify([this.#scope, owner]);
  }
}

function ended(): McpTasksError {
  return new McpTasksError('TASK_ENDED', 'Cannot cancel task: it has already ended');
}
