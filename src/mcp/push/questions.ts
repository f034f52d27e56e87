/**
 * Puts a task's open questions to its clients, in versions that send them unsolicited. Each question goes out on one
 * stream and from one server process at a time, which the workflow itself chooses. If a stream ends before the answer,
 * the question goes to the next stream.
 *
 * An existing workflow cannot grant claims, nor can one that no longer accepts updates. Its questions only go to
 * streams that no other process shares, such as that of a `tasks/result`, which clients call when they read
 * `input_required`.
 * @module
 */
import { kindOf } from '../../task/input.js';
import type { Keyring } from '../../task/keyring.js';
import { withProblem } from '../../task/refused-answers.js';
import type { InputRequest } from '../../task/report.js';
import { sealRequestId, type Question } from '../../task/request-id.js';
import type { Task } from '../../task/task.js';
import type { UnsolicitedMessages } from '../../protocol/version.js';
import type { ClaimUse } from './claims.js';
import type { Refusals } from './refusals.js';
import type { ServerMessage, Stream } from '../../protocol/stream.js';

/**
 * How long to wait, in milliseconds, before trying again to claim a question that another process holds or no worker
 * granted.
 */
const LOOK_AGAIN = 3_000;

/** A stream that follows a task. */
export interface Carrier {
  readonly stream: Stream;
  /** Whether the client only sees a plain call and does not know of the task. */
  readonly plain: boolean;
  readonly tell?: (task: Task) => Promise<void>;
}

export interface QuestionOptions {
  readonly keys: Keyring;
  readonly unsolicited: UnsolicitedMessages;
  readonly claimOn: (key: string) => ClaimUse;
  readonly refusals: Refusals;
  /** Causes {@link Questions.put} to be called again. */
  readonly look: () => void;
}

interface SentQuestion {
  readonly claim: ClaimUse;
  /** The stream whose client was asked. */
  carrier?: Carrier;
  /** Asks again, after an answer was refused. */
  again?: NodeJS.Timeout;
}

export class Questions {
  readonly #questions = new Map<string, SentQuestion>();
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly options: QuestionOptions) {}

  /**
   * Puts the task's open questions that are not with a client yet.
   * @param carriers a live array that always holds the current streams
   */
  async put(task: Task, carriers: readonly Carrier[]): Promise<void> {
    for (const [key, { claim, again }] of this.#questions) {
      if (Object.hasOwn(task.inputs, key)) continue;
      clearTimeout(again);
      claim.forget();
      this.#questions.delete(key);
    }
    for (const [key, request] of Object.entries(task.inputs)) await this.#putOne(task, key, request, carriers);
  }

  /**
   * Takes back the questions on `carrier`: the next {@link put} moves them to another stream or releases their claims.
   */
  takeBack(carrier: Carrier): void {
    for (const question of this.#questions.values()) if (question.carrier === carrier) delete question.carrier;
  }

  /** Leaves the questions on `carrier` with its client until the claims run out. Until then nobody else is asked. */
  leave(carrier: Carrier): void {
    for (const question of this.#questions.values()) if (question.carrier === carrier) question.claim.abandon();
  }

  /**
   * Asks a question again, a pause after its answer was refused. Only for existing workflows: this package's own
   * workflows ask again themselves.
   * @returns whether this process had asked it
   */
  again({ taskId, key }: Question, problem: string): boolean {
    const question = this.#questions.get(key);
    if (!question?.carrier) return false;
    const { carrier } = question;
    const pause = this.options.refusals.add(taskId, key, carrier.stream.session, problem);
    clearTimeout(question.again);
    question.again = setTimeout(() => {
      if (question.carrier === carrier) delete question.carrier;
      this.options.look();
    }, pause).unref();
    return true;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    for (const { claim, again } of this.#questions.values()) {
      clearTimeout(again);
      claim.release();
    }
  }

  async #putOne(
    { id: taskId, mapping }: Task,
    key: string,
    request: InputRequest,
    carriers: readonly Carrier[],
  ): Promise<void> {
    const question: SentQuestion = this.#questions.get(key) ?? { claim: this.options.claimOn(key) };
    if (question.carrier) return;
    const { refusals } = this.options;
    const kind = kindOf(request);
    // An existing workflow does not handle claims, so it cannot keep two processes from asking the same question. Use
    // only streams that no other process shares.
    let claimable = mapping === undefined;
    const able = (): Carrier[] =>
      carriers.filter(
        ({ stream }) => (!kind || !stream.answers || stream.answers.includes(kind)) && (claimable || !stream.shared),
      );
    this.#questions.set(key, question);
    const problem = refusals.problem(taskId, key);
    const asked = problem === undefined ? request : withProblem(request, problem);
    const message = ({ plain }: Carrier): ServerMessage => this.#message({ taskId, key }, asked, plain);
    for (const session of sessionsOf(able())) {
      if (!refusals.asks(taskId, key, session)) continue;
      const claimed = await question.claim.take(session);
      if (claimed === 'refused' || claimed === 'unanswered') return this.#lookAgain();
      if (claimed === 'not-asked') continue;
      claimable &&= claimed === 'granted';
      // Filter again: streams may have ended while the claim was made.
      const carrier = await carry(
        able().filter(({ stream }) => stream.session === session),
        message,
      );
      if (!carrier || !carriers.includes(carrier)) continue;
      question.carrier = carrier;
      break;
    }
    if (!question.carrier || this.#closed) question.claim.release();
  }

  #message(question: Question, { method, params }: InputRequest, plain: boolean): ServerMessage {
    const { keys, unsolicited } = this.options;
    const related = unsolicited.related(question.taskId);
    const meta = plain ? {} : { _meta: { ...(params['_meta'] as object | undefined), ...related } };
    return { jsonrpc: '2.0', id: sealRequestId(keys, question), method, params: { ...params, ...meta } };
  }

  #lookAgain(): void {
    clearTimeout(this.#again);
    if (!this.#closed) this.#again = setTimeout(this.options.look, LOOK_AGAIN);
  }
}

/** Orders carriers: request streams before session streams, the newest first within each. */
function inOrder(carriers: readonly Carrier[]): Carrier[] {
  const newest = carriers.toReversed();
  return [
    ...newest.filter(({ stream }) => stream.kind === 'request'),
    ...newest.filter(({ stream }) => stream.kind === 'session'),
  ];
}

/** Returns the carriers' sessions, in the order in which they are asked. */
function sessionsOf(carriers: readonly Carrier[]): Set<string | undefined> {
  return new Set(inOrder(carriers).map(({ stream }) => stream.session));
}

/** Sends a message on the first stream that accepts it. Returns that carrier, or `undefined` if none does. */
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
