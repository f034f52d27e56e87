/**
 * Input requests: the workflow opens them and a workflow update answers them. While one is open, the task is
 * `input_required` and occupies no worker.
 * @module
 */
import {
  ApplicationFailure,
  condition,
  defineSignal,
  defineUpdate,
  patched,
  setHandler,
  sleep,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import ms from 'ms';
import type { Duration } from '../task/duration.js';
import { askAgain } from '../task/form.js';
import { kindOf, refusedBecause } from '../task/input.js';
import type { Caller } from '../task/memo.js';
import { NONE_OPEN, REPLY_SIGNAL, RESPOND_UPDATE } from '../task/names.js';
import { pauseAfter } from '../task/refused-answers.js';
import type { InputRequest } from '../task/report.js';
import { InputUnavailableError } from '../tool/errors.js';
import type { HeldClaim } from './claims.js';
import { taskMemo } from './memo.js';
import { checkQuestions } from './sizes.js';
import { changed, taskState, type TaskState } from './state.js';

/** The client's answers by key, and the reasons for those it could not give. */
type ReplyArgs = [answers: Readonly<Record<string, unknown>>, unavailable?: Readonly<Record<string, string>>];

/** Answers input requests. Returns the keys that were open; ignores all others, as the protocol requires. */
export const respondUpdate = defineUpdate<{ accepted: string[] }, ReplyArgs>(RESPOND_UPDATE);
/** The same as a signal, which Temporal stores until a worker is available. */
export const replySignal = defineSignal<ReplyArgs>(REPLY_SIGNAL);

/** How long a question waits, and what happens if nobody answers. */
export interface InputOptions<Answer> {
  /**
   * How long to wait for an answer that is accepted.
   * @default 1 day if the question goes to a client without task support in 2026-07-28, which may never repeat its call;
   * otherwise as long as the task lives
   */
  readonly deadline?: Duration;
  /** The answer to use once the deadline has passed. @default none: {@link InputUnavailableError} is thrown */
  readonly otherwise?: Answer;
}

type Reply = { readonly value: unknown } | { readonly unavailable: string };

interface Book {
  readonly runId: string;
  readonly replies: Map<string, Reply>;
  /** Prefix of the keys. It differs between runs, because a continued run must not reuse its predecessor's keys. */
  prefix: string;
  opened: number;
  /** The number of updates and signals with replies that this run has handled. */
  taken: number;
  /** The questions that are open now, by key. */
  readonly asking: Map<string, Question>;
  /** The question that the earlier run left open. */
  left?: CarriedQuestion;
}

let current: Book | undefined;

/** A question that may be asked several times, until an answer is accepted. */
interface Question {
  /** The key under which an earlier run of the workflow asked it. */
  key?: string;
  /** What was wrong with the last answer. */
  problem?: string;
  /** How often an answer was refused, by the session that gave it; `''` for none. */
  readonly refusals: Map<string, number>;
  /** The deadline, in milliseconds since 1970. */
  readonly until: number | undefined;
}

/**
 * Sends `request` to the client until `check` accepts the answer. After an invalid answer, pauses, then asks again and
 * says why. Never uses a key twice.
 * @throws InputUnavailableError if the client cannot answer, or if the deadline passes and `otherwise` is not set;
 * ToolError if the open questions are too large
 */
export async function ask<Answer>(
  request: InputRequest,
  check: (answer: unknown) => string | undefined,
  options: InputOptions<Answer> = {},
): Promise<Answer> {
  const kind = kindOf(request);
  const caller = taskMemo()?.caller;
  if (kind && caller?.cannotAnswer?.includes(kind))
    throw new InputUnavailableError(`the client cannot be asked: it does not support ${kind}`);
  const deadline = options.deadline ?? answerWithin(caller);
  let wait = deadline === undefined ? undefined : ms(deadline);
  const until = wait === undefined ? undefined : Date.now() + wait;
  const question = resumed(until) ?? { refusals: new Map<string, number>(), until };
  for (;;) {
    const asked = question.problem === undefined ? request : saying(request, question.problem);
    const reply = await askOnce(asked, question, wait);
    if (!reply) {
      if (options.otherwise !== undefined) return options.otherwise;
      throw new InputUnavailableError(
        question.problem === undefined
          ? 'nobody answered in time'
          : `nobody gave a valid answer in time; the last one was not accepted: ${question.problem}`,
      );
    }
    if ('unavailable' in reply) throw new InputUnavailableError(reply.unavailable);
    const problem = refusedBecause(reply.value) ?? check(reply.value);
    if (problem === undefined) return reply.value as Answer;
    question.problem = problem;
    const { from } = reply;
    question.refusals.set(from, (question.refusals.get(from) ?? 0) + 1);
    // A workflow that asked before pauses existed replays without them, and with a deadline for each answer.
    if (patched('pause-after-refused-answer')) wait = await pauseAfterRefusal(question);
  }
}

/** Returns how long a question waits for a caller that may never return. */
function answerWithin(caller: Caller | undefined): Duration | undefined {
  // A question that an older worker asked has no timer in its history.
  return caller?.answerWithin !== undefined && patched('mcp-answer-within') ? `${caller.answerWithin} ms` : undefined;
}

/** Pauses, at most until the deadline. Returns how long the question may wait after that, in milliseconds. */
async function pauseAfterRefusal({ refusals, until }: Question): Promise<number | undefined> {
  const times = [...refusals.values()].reduce((sum, refused) => sum + refused, 0);
  const left = (): number => Math.max(0, (until ?? Infinity) - Date.now());
  await sleep(Math.min(pauseAfter(times), left()));
  return until === undefined ? undefined : left();
}

async function askOnce(
  request: InputRequest,
  question: Question,
  wait: number | undefined,
): Promise<(Reply & { readonly from: string }) | undefined> {
  if (wait === 0) return undefined;
  const state = taskState();
  checkQuestions([...state.inputs.values(), request]);
  const book = replyBook(state);
  const key = question.key ?? `${book.prefix}${++book.opened}`;
  delete question.key;
  book.asking.set(key, question);
  state.inputs.set(key, request);
  state.refusals.set(key, question.refusals);
  changed(state);
  try {
    const answered = (): boolean => book.replies.has(key);
    if (wait === undefined) await condition(answered);
    else if (!(await condition(answered, wait))) return undefined;
    const reply = book.replies.get(key);
    return reply && { ...reply, from: state.claims.sessionOf(key) };
  } finally {
    book.asking.delete(key);
    state.inputs.delete(key);
    state.refusals.delete(key);
    state.claims.forget(key);
    changed(state);
  }
}

/** Returns the request with a message that says what was wrong with the last answer. */
function saying({ method, params }: InputRequest, problem: string): InputRequest {
  const { message } = params;
  return {
    method,
    params: { ...params, message: askAgain(typeof message === 'string' ? message : undefined, problem) },
  };
}

function replyBook(state: TaskState): Book {
  const { runId, continuedFromExecutionRunId } = workflowInfo();
  if (current?.runId === runId) return current;
  const prefix = continuedFromExecutionRunId === undefined ? 'input-' : `input-${uuid4().slice(0, 8)}-`;
  const book: Book = { runId, replies: new Map(), prefix, opened: 0, taken: 0, asking: new Map() };
  current = book;
  const isOpen = (key: string): boolean => state.inputs.has(key) && !book.replies.has(key);
  const take = (answers: ReplyArgs[0] | null, unavailable: ReplyArgs[1] | null): { accepted: string[] } => {
    // An operator can send the signal without arguments, and an error here would stop the workflow.
    // Check again: all updates of one activation pass the validator before any of them is applied. The first answer
    // wins.
    const taken = [
      ...Object.entries(answers ?? {}).map(([key, value]) => [key, { value }] as const),
      ...Object.entries(unavailable ?? {}).map(([key, reason]) => [key, { unavailable: reason }] as const),
    ].filter(([key]) => isOpen(key));
    for (const [key, reply] of taken) {
      book.replies.set(key, reply);
      state.inputs.delete(key);
    }
    book.taken += 1;
    if (taken.length > 0) changed(state);
    return { accepted: taken.map(([key]) => key) };
  };
  setHandler(respondUpdate, (answers, unavailable = {}) => take(answers, unavailable), {
    // An update that the validator rejects leaves no trace in the history, which can hold a limited number of updates.
    validator(answers, unavailable = {}) {
      if (!Object.keys({ ...answers, ...unavailable }).some(isOpen))
        throw ApplicationFailure.nonRetryable('none of these questions is open', NONE_OPEN);
    },
  });
  setHandler(replySignal, (answers, unavailable = {}) => void take(answers, unavailable));
  return book;
}

/** An open question that a run passes on to the next one. Part of histories. */
export interface CarriedQuestion {
  readonly key: string;
  readonly problem?: string;
  readonly refusals: readonly (readonly [session: string, times: number])[];
  readonly claim?: HeldClaim;
  /** How to make the keys of later questions. */
  readonly prefix: string;
  readonly opened: number;
}

/** The number of updates and signals after which a run ends; Temporal allows 2,000 updates by default. */
const MOST_MESSAGES = 1_500;

/**
 * Whether the workflow should continue as new, because it waits for an answer and nears one of Temporal's limits on
 * history, updates or signals.
 */
export function shouldContinue(): boolean {
  const state = taskState();
  const book = replyBook(state);
  const full = workflowInfo().continueAsNewSuggested || state.claims.granted + book.taken >= MOST_MESSAGES;
  return full && carriedQuestion() !== undefined;
}

/** Returns the workflow's only open question, for the next run to keep open under the same key. */
export function carriedQuestion(): CarriedQuestion | undefined {
  const state = taskState();
  const { asking, prefix, opened, replies } = replyBook(state);
  const [open, ...others] = asking;
  if (!open || others.length > 0) return undefined;
  const [key, { problem, refusals }] = open;
  if (replies.has(key)) return undefined;
  const claim = state.claims.held(key);
  return {
    key,
    ...(problem === undefined ? {} : { problem }),
    refusals: [...refusals],
    ...(claim ? { claim } : {}),
    prefix,
    opened,
  };
}

/** Makes the next question the one that the earlier run left open. */
export function resumeQuestion(left: CarriedQuestion): void {
  const state = taskState();
  const book = replyBook(state);
  book.left = left;
  book.prefix = left.prefix;
  book.opened = left.opened;
  if (left.claim) state.claims.resume(left.key, left.claim);
}

function resumed(until: number | undefined): Question | undefined {
  const book = replyBook(taskState());
  const { left } = book;
  delete book.left;
  if (!left) return undefined;
  const { key, problem, refusals } = left;
  return { key, ...(problem === undefined ? {} : { problem }), refusals: new Map(refusals), until };
}
