/**
 * Puts a task's open questions to its clients of 2025-11-25: each on one stream, and by one server process at a time, which
 * the workflow itself decides. A question whose stream ends unanswered goes to the next. An existing workflow decides nothing
 * of the kind: its questions go to whoever awaits the result, as clients are to do when they read `input_required`.
 * @module
 */
import { kindOf } from '../../task/input.js';
import type { Keyring } from '../../task/keyring.js';
import type { InputRequest } from '../../task/report.js';
import { sealRequestId } from '../../task/request-id.js';
import type { Task } from '../../task/task.js';
import { relatedTask } from '../../wire/v2025.js';
import type { Lease } from './lease.js';
import type { ServerMessage, Stream } from '../request/stream.js';

/** When to look again for a question that another process has, or that no worker was there to be asked about, in milliseconds. */
const LOOK_AGAIN = 3_000;

/** A stream that follows a task. */
export interface Carrier {
  readonly stream: Stream;
  /** Its client only sees a call, and knows nothing of a task. */
  readonly plain: boolean;
}

export interface QuestionOptions {
  readonly keys: Keyring;
  /** The claim on one of the task's questions. */
  readonly claimOn: (key: string) => Lease;
  /** Has {@link Questions.put} called again. */
  readonly look: () => void;
}

interface Question {
  readonly lease: Lease;
  /** Whose client has it. */
  carrier?: Carrier;
  /** What was wrong with the last answer to it. */
  problem?: string;
}

export class Questions {
  readonly #questions = new Map<string, Question>();
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly options: QuestionOptions) {}

  /** @param carriers those there are at the moment, at every moment */
  async put(task: Task, carriers: readonly Carrier[]): Promise<void> {
    for (const [key, { lease }] of this.#questions) {
      if (Object.hasOwn(task.inputs, key)) continue;
      // It is not open any more, and so is nothing to be claimed.
      lease.leave();
      this.#questions.delete(key);
    }
    for (const [key, request] of Object.entries(task.inputs)) await this.#putOne(task, key, request, carriers);
  }

  /** Takes back what `carrier` was given: {@link put} gives it to another stream, or to other processes. */
  takeBack(carrier: Carrier): void {
    for (const question of this.#questions.values()) if (question.carrier === carrier) delete question.carrier;
  }

  /** Leaves what `carrier` was given with its client, for as long as the claim lasts: nobody else is asked meanwhile. */
  leave(carrier: Carrier): void {
    for (const question of this.#questions.values()) if (question.carrier === carrier) question.lease.leave();
  }

  /** Has a question put again whose answer was refused. A workflow of ours does so itself. */
  again(key: string, problem: string): void {
    const question = this.#questions.get(key);
    if (!question?.carrier) return;
    delete question.carrier;
    question.problem = problem;
    this.options.look();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    for (const { lease } of this.#questions.values()) void lease.release();
  }

  async #putOne(
    { id: taskId, mapping }: Task,
    key: string,
    request: InputRequest,
    carriers: readonly Carrier[],
  ): Promise<void> {
    // A workflow that knows no claims cannot keep two processes from asking: it is asked for where the client waits for the result.
    const claimable = mapping === undefined;
    const question: Question = this.#questions.get(key) ?? { lease: this.options.claimOn(key) };
    if (question.carrier) return;
    const kind = kindOf(request);
    const able = (): Carrier[] =>
      carriers.filter(
        ({ stream }) => (!kind || !stream.answers || stream.answers.includes(kind)) && (claimable || !stream.shared),
      );
    if (able().length === 0) return await question.lease.release();
    this.#questions.set(key, question);
    if (!(await question.lease.take())) return this.#lookAgain();
    // Those that have left meanwhile are not among them any more.
    const carrier = await carry(able(), ({ plain }) =>
      message(this.options.keys, taskId, key, saying(request, question.problem), plain),
    );
    if (carrier && carriers.includes(carrier)) question.carrier = carrier;
    else await question.lease.release();
    if (this.#closed) await question.lease.release();
  }

  #lookAgain(): void {
    clearTimeout(this.#again);
    if (!this.#closed) this.#again = setTimeout(this.options.look, LOOK_AGAIN);
  }
}

/** The newest request's stream first, a session's last. */
function inOrder(carriers: readonly Carrier[]): Carrier[] {
  const newest = carriers.toReversed();
  return [
    ...newest.filter(({ stream }) => stream.kind === 'request'),
    ...newest.filter(({ stream }) => stream.kind === 'session'),
  ];
}

/** Sends a message on the first stream that takes it, and says which did. */
export async function carry(
  carriers: readonly Carrier[],
  write: (carrier: Carrier) => ServerMessage,
): Promise<Carrier | undefined> {
  for (const carrier of inOrder(carriers)) {
    if (
      await carrier.stream.send(write(carrier)).then(
        () => true,
        () => false,
      )
    )
      return carrier;
  }
  return undefined;
}

/** The request again, with what was wrong with the last answer in front of the person. */
function saying({ method, params }: InputRequest, problem: string | undefined): InputRequest {
  return problem === undefined
    ? { method, params }
    : { method, params: { ...params, message: `${String(params['message'])}\n\n${problem}` } };
}

function message(
  keys: Keyring,
  taskId: string,
  key: string,
  { method, params }: InputRequest,
  plain: boolean,
): ServerMessage {
  const meta = plain ? {} : { _meta: { ...(params['_meta'] as object | undefined), ...relatedTask(taskId) } };
  return { jsonrpc: '2.0', id: sealRequestId(keys, { taskId, key }), method, params: { ...params, ...meta } };
}
