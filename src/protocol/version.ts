/**
 * Defines what a protocol version decides. Each version is an object with this interface, in a folder of its own; the
 * registry lists them. A server picks the version of its client once and passes the object along.
 * @module
 */
import type { z } from 'zod';
import type { FormRequest } from '../task/form.js';
import type { InputKind } from '../task/input.js';
import type { Progress } from '../task/progress.js';
import type { InputRequest } from '../task/report.js';
import type { ToolResult } from '../task/result.js';
import type { Outcome, RpcError, Task } from '../task/task.js';
import type { JsonSchema } from '../tool/json-schema.js';
import type { CallParams, SentCall, ToolCall } from './call.js';
import type { Owner, RequestContext, RpcResult } from './request.js';
import type { ServerMessage } from './stream.js';
import type { CallAnswer, Status } from './task.js';

export interface ProtocolVersion {
  /** The version's name in MCP: a date. */
  readonly name: string;
  /** How clients state the version: once, in the `initialize` that starts a session, or in every request. */
  readonly stated: 'in-initialize' | 'in-requests';
  readonly tasks: TaskView;
  readonly calls: CallRules;
  /** Puts a task's questions into the answer to the call that waits for it. @default not supported */
  readonly questions?: CallQuestions;
  /** The `tasks/*` methods, by name. */
  readonly methods: Readonly<Record<string, Method>>;
  readonly listing: Listing;
  /** Returns the capabilities that a server with durable tools declares in addition to its own. */
  capabilities(owner: Pick<Owner, 'mayList'>): Capabilities;
  /** The messages about tasks that clients get without asking. @default none */
  readonly unsolicited?: UnsolicitedMessages;
  /** How clients subscribe to tasks. @default not supported */
  readonly subscriptions?: Subscriptions;
}

/** A capability without settings. */
type Empty = Record<string, never>;

/** The capabilities that durable tools add to a server's own. Types, for the SDKs' index signatures. */
export type Capabilities = {
  tasks?: { list?: Empty; cancel: Empty; requests: { tools: { call: Empty } } };
  extensions?: { [name: string]: Empty };
};

/** How a task is presented to clients. */
export interface TaskView {
  status(task: Task): Status;
  /**
   * Returns what the task's call is answered with.
   * @param objects whether all structured content of the task's tool are objects
   */
  answer(outcome: Outcome, objects: boolean): CallAnswer;
}

/** How a call of a durable tool is handled. */
export interface CallRules {
  /** Returns whether the request itself asks for a task. Tools that are not durable refuse such a call. */
  asksForTask(params: Pick<CallParams, 'task'>): boolean;
  /**
   * Returns whether to answer the call with a task.
   * @throws RpcFault if the tool cannot be called this way, or the client lacks a capability that the tool needs
   */
  becomesTask(call: ToolCall): boolean;
  /**
   * Returns the answer to a call with wrong arguments.
   * @throws RpcFault if the answer has to be an error
   */
  refuseArguments(call: ToolCall, problem: string): RpcResult;
  /**
   * Asks the tool's question before the start.
   * @throws RpcFault if the client cannot be asked, or the state that it returns is not this call's
   */
  askFirst(call: ToolCall, form: FormRequest): Promise<Asked>;
  /** Returns the ttl that the call asks for, in milliseconds; `undefined` if it asks for none. */
  ttl(call: ToolCall): number | undefined;
  /** Returns the token for the task's progress over its whole life, if there is one. */
  progressToken(call: ToolCall): string | number | undefined;
  /** Returns what the client can answer while the work runs; `undefined` if unknown, so the workflow has to try. */
  answers(call: ToolCall): readonly InputKind[] | undefined;
  /**
   * Returns how long a question waits for this caller if its workflow sets no deadline, in milliseconds.
   * @default as long as the task lives, as with `undefined`
   */
  answerWithin?(call: ToolCall): number | undefined;
  /** Returns the answer to a call that has become a task. `pollInterval` in milliseconds. */
  created(task: Task, call: ToolCall, pollInterval: number): RpcResult;
  /**
   * Returns whether the end of a waiting call, with this signal, cancels the call's work.
   * @param repeatable whether the client can find the task again by repeating the call
   */
  cancelsWork(signal: AbortSignal, repeatable: boolean): boolean;
}

/** The outcome of the question that a tool asks before it starts. */
export type Asked =
  /** The answer to the call: the question, or a tool error because the question was declined or dismissed. */
  | { readonly reply: RpcResult }
  /** The user's answer. The nonce stays the same however often the client sends this answer. */
  | { readonly answer: Readonly<Record<string, unknown>>; readonly nonce: string }
  /** The task itself has to ask, before its work begins. */
  | { readonly askFirst: FormRequest };

/** Open questions by key. */
export type Inputs = Readonly<Record<string, InputRequest>>;

/**
 * Puts questions into the answer to a call that waits for its task. The client repeats the call with its answers, and
 * the repeated call waits for the same task.
 */
export interface CallQuestions {
  /** Returns those of the task's open questions that the request's client can answer. */
  open(task: Pick<Task, 'inputs'>, ctx: RequestContext): Inputs;
  /** Returns the answer to the call that contains these questions. */
  ask(call: SentCall, asked: AskedCall): Promise<RpcResult>;
  /**
   * Returns the contents of a repeated call; `undefined` if the call does not answer a task's questions.
   * @throws RpcFault if the call carries a state that has expired or is not this call's
   */
  repeated(call: SentCall): Promise<RepeatedCall | undefined>;
}

export interface AskedCall {
  readonly taskId: string;
  readonly questions: Inputs;
  /** How many answers in a row were refused. */
  readonly refusals: number;
}

export interface RepeatedCall extends Pick<AskedCall, 'taskId' | 'refusals'> {
  /** By question key. Only answers to questions that the client was sent. */
  readonly answers: Readonly<Record<string, unknown>>;
}

/** A `tasks/*` method. */
export interface Method {
  readonly params: z.ZodType;
  /** Whether clients poll with it. Over HTTP a poll gets no stream. */
  readonly poll: boolean;
  /** Whether it waits, so that over HTTP it is always answered on a stream. @default false */
  readonly waits?: boolean;
  /** @param params as {@link params} parsed them */
  handle(params: never, tasks: TaskOperations, ctx: RequestContext): Promise<RpcResult>;
}

/** What methods can do with the requestor's tasks. Results are checked against their tools' output schemas. */
export interface TaskOperations {
  /** How often clients should poll, in milliseconds. */
  readonly pollInterval: number;
  /**
   * Returns a task as it is now. If the version has {@link UnsolicitedMessages}, the client's session gets those of the
   * task from now on.
   * @throws McpTasksError `TASK_NOT_FOUND`
   */
  get(taskId: string): Promise<Task>;
  /** Waits for the end of a task. The task's unsolicited messages go to this request's stream meanwhile. */
  result(taskId: string): Promise<ToolResult>;
  /** @throws McpTasksError `TASK_ENDED` if the task has already ended */
  cancel(taskId: string): Promise<Task>;
  /** Answers the task's open questions. Ignores answers to anything else. */
  respond(taskId: string, answers: Readonly<Record<string, unknown>>): Promise<void>;
  list(cursor: string | undefined): Promise<{ readonly tasks: readonly Task[]; readonly nextCursor?: string }>;
}

/** How `tools/list` shows tools. */
export interface Listing {
  /** The JSON Schema dialect that clients compile by default. */
  readonly dialect: 'draft-07' | 'draft-2020-12';
  /** Returns a tool's output schema as it is listed. */
  outputSchema(schema: JsonSchema): JsonSchema;
  /**
   * Adapts the list to the request.
   * @param companions the names of the tools for clients without task support
   */
  adapt(list: RpcResult, companions: ReadonlySet<string>, ctx: RequestContext): RpcResult;
}

/** Messages about a task that are sent without being asked for. `pollInterval` in milliseconds. */
export interface UnsolicitedMessages {
  status(task: Task, pollInterval: number): ServerMessage;
  progress(task: Task, progress: Progress): ServerMessage;
  /** Returns the `_meta` of a question that belongs to a task. */
  related(taskId: string): Readonly<Record<string, unknown>>;
}

/** A client's request to be notified about tasks. */
export interface Subscription {
  readonly id: string | number;
  readonly taskIds: readonly string[];
  /** The error with which the request is refused. @default none */
  readonly refusal?: RpcError;
}

/** How clients subscribe to tasks. The SDK serves subscriptions to everything else on the same stream. */
export interface Subscriptions {
  readonly method: string;
  /** Parses a request that names tasks. Returns `undefined` for any other message, which the SDK handles alone. */
  parse(message: unknown): Subscription | undefined;
  /** Recognizes the SDK's acknowledgement of a subscription. */
  acknowledgement(message: unknown):
    | {
        readonly id: unknown;
        /** Whether the subscription is only for tasks, so that the SDK itself has nothing to send on it. */
        readonly tasksAlone: boolean;
      }
    | undefined;
  /** Adds the tasks that are followed to the SDK's acknowledgement. */
  acknowledge<Message extends object>(acknowledgement: Message, taskIds: readonly string[]): Message;
  /** Returns the notification with a task's current state. `pollInterval` in milliseconds. */
  changed(id: string | number, task: Task, pollInterval: number): ServerMessage;
  /** Returns the result with which the server ends a subscription. */
  ended(id: string | number): RpcResult;
}
