/**
 * Serves tasks from several namespaces as if they were one. A task's ID identifies its namespace just as it identifies
 * its owner.
 * @module
 */
import { invalidCursor } from '../task/cursor.js';
import { isMcpTasksError, McpTasksError, origin } from '../task/errors.js';
import type { Keyring } from '../task/keyring.js';
import type { Task } from '../task/task.js';
import type { Engine } from './engine.js';
import type { StartRequest } from './start/start-request.js';

/** The public interface of {@link Engine}. */
export type TaskEngine = Pick<Engine, keyof Engine>;

/**
 * A cursor such as `0f2a….…`: a tag for the namespace that has the page, then that namespace's own cursor, which is
 * empty for its first page.
 */
const CURSOR = /^([0-9a-f]{16})\.(.*)$/s;

/** An engine for one namespace, with its own scope, and a function that releases what it uses. */
export interface OpenNamespace {
  readonly engine: Engine;
  release(): Promise<void>;
}

export class Namespaces implements TaskEngine {
  readonly #others = new Map<string, OpenNamespace>();
  /** Whether any tool uses the main namespace. If none does, that namespace may not even exist. */
  #mainIsUsed = false;

  /** @param main the engine for tools that name no namespace */
  constructor(
    private readonly main: Engine,
    private readonly keys: Keyring,
    private readonly connect: (namespace: string) => Promise<OpenNamespace>,
  ) {}

  /** Connects to those of these namespaces that are not open yet; `undefined` is the main one. */
  async open(namespaces: Iterable<string | undefined>): Promise<void> {
    for (const namespace of namespaces) {
      if (namespace === undefined) this.#mainIsUsed = true;
      else if (!this.#others.has(namespace)) this.#others.set(namespace, await this.connect(namespace));
    }
  }

  async start(request: StartRequest): Promise<Task> {
    const { name, namespace } = request.tool;
    const engine = namespace === undefined ? this.main : this.#others.get(namespace)?.engine;
    if (!engine)
      throw new McpTasksError('CONFIGURATION', `tool "${name}": not connected to its namespace ${namespace}`);
    return await engine.start(request);
  }

  /** A worker serves the main namespace. */
  hasWorker: TaskEngine['hasWorker'] = (connection) => this.main.hasWorker(connection);

  owns(owner: string, id: string): boolean {
    return this.#all.some((engine) => engine.owns(owner, id));
  }

  get: TaskEngine['get'] = async (owner, id) => await this.#of(owner, id).get(owner, id);
  readFile: TaskEngine['readFile'] = async (owner, task, tool, request) =>
    await this.#of(owner, task.id).readFile(owner, task, tool, request);
  result: TaskEngine['result'] = async (owner, id, signal) => await this.#of(owner, id).result(owner, id, signal);
  watch: TaskEngine['watch'] = (owner, id, signal, options) => this.#of(owner, id).watch(owner, id, signal, options);
  cancel: TaskEngine['cancel'] = async (owner, id) => await this.#of(owner, id).cancel(owner, id);
  respond: TaskEngine['respond'] = async (owner, id, answers) => await this.#of(owner, id).respond(owner, id, answers);
  reply: TaskEngine['reply'] = async (owner, id, key, given) => await this.#of(owner, id).reply(owner, id, key, given);
  claim: TaskEngine['claim'] = async (owner, id, claim) => await this.#of(owner, id).claim(owner, id, claim);
  release: TaskEngine['release'] = async (owner, id, claim) => await this.#of(owner, id).release(owner, id, claim);

  /**
   * Lists one namespace after another, in the same order on every replica. A namespace that cannot be listed fails its
   * page; otherwise its tasks would be missing without anyone noticing.
   */
  async list(owner: string, cursor?: string): Promise<{ tasks: Task[]; nextCursor?: string }> {
    const listed = this.#listed(owner);
    const [, tag, within = ''] = (cursor === undefined ? undefined : CURSOR.exec(cursor)) ?? [];
    const index = cursor === undefined ? 0 : listed.findIndex(({ tags }) => tag !== undefined && tags.includes(tag));
    const here = listed[index];
    if (!here) {
      if (cursor === undefined) return { tasks: [] };
      throw invalidCursor();
    }
    const { tasks, nextCursor } = await here.engine
      .list(owner, within === '' ? undefined : within)
      .catch((error: unknown) => unlisted(here.name, error));
    if (nextCursor !== undefined) return { tasks, nextCursor: `${here.tags[0]}.${nextCursor}` };
    const next = listed[index + 1];
    return { tasks, ...(next ? { nextCursor: `${next.tags[0]}.` } : {}) };
  }

  async countRunning(owner: string, before: number): Promise<number> {
    const engines = this.#listed(owner).map(({ engine }) => engine);
    const counts = await Promise.all(engines.map(async (engine) => await engine.countRunning(owner, before)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(async (engine) => await engine.close()));
    await Promise.all([...this.#others.values()].map(async ({ release }) => await release()));
  }

  /** Returns the namespaces to list for the owner, each with its cursor tag under every key. */
  #listed(
    owner: string,
  ): { readonly name: string | undefined; readonly engine: Engine; readonly tags: readonly string[] }[] {
    const others = [...this.#others]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, { engine }]) => ({ name, engine }));
    // A cursor reveals neither namespace nor owner.
    const tagsOf = (name: string | undefined): string[] =>
      this.keys.derived(`list ${JSON.stringify([name ?? null, owner])}`).map((tag) => tag.slice(0, 16));
    return [...(this.#mainIsUsed ? [{ name: undefined, engine: this.main }] : []), ...others].map((one) => ({
      ...one,
      tags: tagsOf(one.name),
    }));
  }

  get #all(): readonly Engine[] {
    return [this.main, ...[...this.#others.values()].map(({ engine }) => engine)];
  }

  /** Returns the engine that owns the ID, or else the main one, which then answers that the task was not found. */
  #of(owner: string, id: string): Engine {
    return this.#all.find((engine) => engine.owns(owner, id)) ?? this.main;
  }
}

/** Throws the error for a namespace that could not be listed. Only the log gets the namespace's name. */
function unlisted(name: string | undefined, error: unknown): never {
  if (!isMcpTasksError(error) || error.code === 'INVALID_CURSOR') throw error;
  // The log may print only the root cause of an error, so that is where the name has to be.
  const cause = new Error(`${name === undefined ? 'main namespace' : `namespace ${name}`}: ${origin(error).message}`);
  // Listing looks up no single task, so "not found" means the namespace.
  const passes = error.code === 'TEMPORAL_UNAVAILABLE' || error.code === 'TASK_NOT_FOUND';
  throw passes
    ? new McpTasksError(
        'TEMPORAL_UNAVAILABLE',
        'Some of the tasks cannot be listed right now. Request the same page again.',
        { cause },
      )
    : new McpTasksError(error.code, error.message, { cause });
}
