/** Tasks in several namespaces as if they were in one. A task's ID tells its namespace, as it tells its owner. @module */
import { McpTasksError } from '../task/errors.js';
import type { Task } from '../task/task.js';
import type { Engine, StartRequest } from './engine.js';

/** What {@link Engine} does. */
export type TaskEngine = Pick<Engine, keyof Engine>;

/** `2.…`: a page of the third namespace. */
const CURSOR = /^(\d{1,4})\.(.*)$/s;

/** An engine of a namespace, with its own scope, and what is to be let go of after it. */
export interface OpenNamespace {
  readonly engine: Engine;
  release(): Promise<void>;
}

export class Namespaces implements TaskEngine {
  readonly #others = new Map<string, OpenNamespace>();

  /** @param main of tools that name no namespace */
  constructor(
    private readonly main: Engine,
    private readonly connect: (namespace: string) => Promise<OpenNamespace>,
  ) {}

  /** Gets ready for tasks in these namespaces, besides those it is ready for. */
  async open(namespaces: Iterable<string | undefined>): Promise<void> {
    for (const namespace of namespaces) {
      if (namespace !== undefined && !this.#others.has(namespace)) this.#others.set(namespace, await this.connect(namespace));
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

  /** One namespace after the other. */
  async list(owner: string, cursor?: string): Promise<{ tasks: Task[]; nextCursor?: string }> {
    const [, number = '0', within = ''] = (cursor === undefined ? undefined : CURSOR.exec(cursor)) ?? [];
    const index = Number(number);
    const engine = this.#all[index];
    if (!engine || (cursor !== undefined && !CURSOR.test(cursor))) throw new McpTasksError('INVALID_CURSOR', 'Invalid cursor');
    const { tasks, nextCursor } = await engine.list(owner, within === '' ? undefined : within);
    if (nextCursor !== undefined) return { tasks, nextCursor: `${index}.${nextCursor}` };
    return { tasks, ...(index + 1 < this.#all.length ? { nextCursor: `${index + 1}.` } : {}) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(async (engine) => await engine.close()));
    await Promise.all([...this.#others.values()].map(async ({ release }) => await release()));
  }

  get #all(): readonly Engine[] {
    return [this.main, ...[...this.#others.values()].map(({ engine }) => engine)];
  }

  /** Of an ID that is nobody's, the main one says so. */
  #of(owner: string, id: string): Engine {
    return this.#all.find((engine) => engine.owns(owner, id)) ?? this.main;
  }
}
