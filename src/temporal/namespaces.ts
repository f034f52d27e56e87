/** Tasks in several namespaces as if they were in one. A task's ID tells its namespace, as it tells its owner. @module */
import { isMcpTasksError, McpTasksError, origin } from '../task/errors.js';
import type { Keyring } from '../task/keyring.js';
import type { Task } from '../task/task.js';
import type { Engine, StartRequest } from './engine.js';

/** What {@link Engine} does. */
export type TaskEngine = Pick<Engine, keyof Engine>;

/** `0f2a….…`: of which namespace the page is, and its own cursor; none begins there. */
const CURSOR = /^([0-9a-f]{16})\.(.*)$/s;

/** An engine of a namespace, with its own scope, and what is to be let go of after it. */
export interface OpenNamespace {
  readonly engine: Engine;
  release(): Promise<void>;
}

export class Namespaces implements TaskEngine {
  readonly #others = new Map<string, OpenNamespace>();
  /** Whether there are tools of the main one; it may be one that does not exist where there are none. */
  #mainIsUsed = false;

  /** @param main of tools that name no namespace */
  constructor(
    private readonly main: Engine,
    private readonly keys: Keyring,
    private readonly connect: (namespace: string) => Promise<OpenNamespace>,
  ) {}

  /** Gets ready for tasks in these namespaces, besides those it is ready for; `undefined` is the main one. */
  async open(namespaces: Iterable<string | undefined>): Promise<void> {
    for (const namespace of namespaces) {
      if (namespace === undefined) this.#mainIsUsed = true;
      else if (!this.#others.has(namespace)) this.#others.set(namespace, await this.connect(namespace));
    }
  }

  async start(request: StartRequest): Promise<Task> {
    const { name, namespace } = request.tool;
    const engine = namespace === undefined ? this.main : this.#others.get(namespace)?.engine;
    if (!engine) throw new McpTasksError('CONFIGURATION', `tool "${name}": its namespace ${namespace} is not open`);
    return await engine.start(request);
  }

  owns(owner: string, id: string): boolean {
    return this.#all.some((engine) => engine.owns(owner, id));
  }

  get: TaskEngine['get'] = async (owner, id) => await this.#of(owner, id).get(owner, id);
  result: TaskEngine['result'] = async (owner, id, signal) => await this.#of(owner, id).result(owner, id, signal);
  watch: TaskEngine['watch'] = (owner, id, signal, options) => this.#of(owner, id).watch(owner, id, signal, options);
  cancel: TaskEngine['cancel'] = async (owner, id) => await this.#of(owner, id).cancel(owner, id);
  respond: TaskEngine['respond'] = async (owner, id, answers) => await this.#of(owner, id).respond(owner, id, answers);
  reply: TaskEngine['reply'] = async (owner, id, key, given) => await this.#of(owner, id).reply(owner, id, key, given);
  claim: TaskEngine['claim'] = async (owner, id, ...claim) => await this.#of(owner, id).claim(owner, id, ...claim);

  /**
   * One namespace after the other, in an order that is the same at all replicas. One that cannot be asked is an error of its
   * page: it would be missing otherwise, and nobody would know.
   */
  async list(owner: string, cursor?: string): Promise<{ tasks: Task[]; nextCursor?: string }> {
    const listed = this.#listed(owner);
    const [, tag, within = ''] = (cursor === undefined ? undefined : CURSOR.exec(cursor)) ?? [];
    const index = cursor === undefined ? 0 : listed.findIndex(({ tags }) => tag !== undefined && tags.includes(tag));
    const here = listed[index];
    if (!here) {
      if (cursor === undefined) return { tasks: [] };
      throw new McpTasksError('INVALID_CURSOR', 'Invalid cursor');
    }
    const { tasks, nextCursor } = await here.engine
      .list(owner, within === '' ? undefined : within)
      .catch((error: unknown) => unlisted(here.name, error));
    if (nextCursor !== undefined) return { tasks, nextCursor: `${here.tags[0]}.${nextCursor}` };
    const next = listed[index + 1];
    return { tasks, ...(next ? { nextCursor: `${next.tags[0]}.` } : {}) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(async (engine) => await engine.close()));
    await Promise.all([...this.#others.values()].map(async ({ release }) => await release()));
  }

  /** What the owner's listing goes through, each with what stands for it in cursors, under each key. */
  #listed(
    owner: string,
  ): { readonly name: string | undefined; readonly engine: Engine; readonly tags: readonly string[] }[] {
    const others = [...this.#others]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, { engine }]) => ({ name, engine }));
    // Of a name a cursor tells nothing, and of whose it is the same.
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

  /** Of an ID that is nobody's, the main one says so. */
  #of(owner: string, id: string): Engine {
    return this.#all.find((engine) => engine.owns(owner, id)) ?? this.main;
  }
}

/** Why a namespace could not be listed. Its name is for the log alone. */
function unlisted(name: string | undefined, error: unknown): never {
  if (!isMcpTasksError(error) || error.code === 'INVALID_CURSOR') throw error;
  // What a log says of an error is what it began with.
  const cause = new Error(`namespace ${name ?? 'of the connection'}: ${origin(error).message}`);
  // No task is looked for here: what was not found is the namespace.
  const passes = error.code === 'TEMPORAL_UNAVAILABLE' || error.code === 'TASK_NOT_FOUND';
  throw passes
    ? new McpTasksError(
        'TEMPORAL_UNAVAILABLE',
        'some of the tasks cannot be listed at the moment; ask again, for the same page',
        { cause },
      )
    : new McpTasksError(error.code, error.message, { cause });
}
