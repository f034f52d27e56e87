/**
 * Puts a task's open questions to its clients of 2025-11-25: each on one stream, and by one server process at a time, which
 * the workflow itself decides. A question whose stream ends unanswered goes to the next.
 * @module
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from '../local/log.js';
import { isMcpTasksError } from '../task/errors.js';
import { kindOf } from '../task/input.js';
import type { Keyring } from '../task/keyring.js';
import type { InputRequest } from '../task/report.js';
import { sealRequestId } from '../task/request-id.js';
import type { Task } from '../task/task.js';
import type { Engine } from '../temporal/engine.js';
import { relatedTask } from '../wire/v2025.js';
import type { Owner } from './owner.js';
import type { ServerMessage, Stream } from './stream.js';

/** How long a question stays with the process that puts it, in milliseconds; it says again and again that it still does. */
const LEASE = 120_000;
const RENEWAL = LEASE / 2;
/** When to look again for a question that another process has, or that no worker was there to be asked about, in milliseconds. */
const LOOK_AGAIN = 3_000;

/** A stream that follows a task. */
export interface Carrier {
  readonly stream: Stream;
  /** Its client only sees a call, and knows nothing of a task. */
  readonly plain: boolean;
}

export interface QuestionOptions {
  readonly engine: Engine;
  readonly keys: Keyring;
  readonly logger: Logger;
}

interface Put {
  readonly carrier: Carrier;
  readonly renewal: NodeJS.Timeout;
}

export class Questions {
  /** Under which this process claims the task's questions. */
  readonly #claimant = randomUUID();
  readonly #claimed = new Set<string>();
  readonly #put = new Map<string, Put>();
  #again: NodeJS.Timeout | undefined;

  /** @param look has {@link put} called again */
  constructor(
    private readonly options: QuestionOptions,
    private readonly owner: Owner,
    private readonly taskId: string,
    private readonly look: () => void,
  ) {}

  async put(task: Task, carriers: readonly Carrier[]): Promise<void> {
    for (const key of this.#put.keys()) if (!Object.hasOwn(task.inputs, key)) this.#forget(key);
    for (const [key, request] of Object.entries(task.inputs)) {
      if (!this.#put.has(key)) await this.#putOne(key, request, carriers);
    }
  }

  /** Takes back what `carrier` was given: {@link put} gives it to another stream, or to other processes. */
  takeBack(carrier: Carrier): void {
    for (const [key, put] of this.#put) if (put.carrier === carrier) this.#forget(key);
  }

  /** Leaves what `carrier` was given with its client, for as long as the lease lasts: nobody else is asked meanwhile. */
  leave(carrier: Carrier): void {
    for (const [key, put] of this.#put) {
      if (put.carrier !== carrier) continue;
      clearInterval(put.renewal);
      this.#claimed.delete(key);
    }
  }

  close(): void {
    clearTimeout(this.#again);
    for (const key of this.#put.keys()) this.#forget(key);
    for (const key of this.#claimed) void this.#giveUp(key);
  }

  async #putOne(key: string, request: InputRequest, carriers: readonly Carrier[]): Promise<void> {
    const kind = kindOf(request);
    const able = carriers.filter(({ stream }) => !kind || !stream.answers || stream.answers.includes(kind));
    if (able.length === 0) return await this.#giveUp(key);
    if (!(await this.#claim(key, LEASE))) return this.#lookAgain();
    this.#claimed.add(key);
    const carrier = await carry(able, ({ plain }) => message(this.options.keys, this.taskId, key, request, plain));
    if (!carrier) return await this.#giveUp(key);
    this.#put.set(key, { carrier, renewal: setInterval(() => void this.#claim(key, LEASE), RENEWAL) });
  }

  /** Lets other processes have the question. Should that fail, the lease runs out. */
  async #giveUp(key: string): Promise<void> {
    if (this.#claimed.delete(key)) await this.#claim(key, 0);
  }

  #forget(key: string): void {
    clearInterval(this.#put.get(key)?.renewal);
    this.#put.delete(key);
  }

  async #claim(key: string, lease: number): Promise<boolean> {
    try {
      return await this.options.engine.claim(this.owner.id, this.taskId, key, this.#claimant, lease);
    } catch (error) {
      if (!isMcpTasksError(error)) this.options.logger.error({ taskId: this.taskId, err: error }, 'a question could not be claimed');
      return false;
    }
  }

  #lookAgain(): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(this.look, LOOK_AGAIN);
  }
}

/** The newest request's stream first, a session's last. */
function inOrder(carriers: readonly Carrier[]): Carrier[] {
  const newest = carriers.toReversed();
  return [...newest.filter(({ stream }) => stream.kind === 'request'), ...newest.filter(({ stream }) => stream.kind === 'session')];
}

/** Sends a message on the first stream that takes it, and says which did. */
export async function carry(carriers: readonly Carrier[], write: (carrier: Carrier) => ServerMessage): Promise<Carrier | undefined> {
  for (const carrier of inOrder(carriers)) {
    if (await carrier.stream.send(write(carrier)).then(() => true, () => false)) return carrier;
  }
  return undefined;
}

function message(keys: Keyring, taskId: string, key: string, { method, params }: InputRequest, plain: boolean): ServerMessage {
  const meta = plain ? {} : { _meta: { ...(params['_meta'] as object | undefined), ...relatedTask(taskId) } };
  return { jsonrpc: '2.0', id: sealRequestId(keys, { taskId, key }), method, params: { ...params, ...meta } };
}
