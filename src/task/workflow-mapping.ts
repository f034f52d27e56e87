/**
 * Describes how to read and answer an existing workflow as a task. It is stored in the task's memo, so a task is always
 * read as it was started, even if its tool has changed since.
 * @module
 */

/** Every field is optional. With nothing mapped, a task shows what Temporal knows. */
export interface WorkflowMapping {
  /** A JSON pointer to the part of the workflow's result that becomes the task's result. @default the whole result */
  readonly part?: string;
  /**
   * JSON Schema of the task's result; `null` if it has none. Missing in tasks started before this field existed: their
   * tool's schema applies.
   */
  readonly output?: Readonly<Record<string, unknown>> | null;
  readonly status?: StatusMapping;
  /** The workflow's questions, by name. */
  readonly inputs?: Readonly<Record<string, InputMapping>>;
  /** Whether a failed task shows the stack traces of its failure. @default false */
  readonly stackTraces?: boolean;
}

/** One of the workflow's own queries, and JSON pointers into its answer. */
export interface StatusMapping {
  readonly query: string;
  /** Points to the message. @default the answer itself if it is a string, otherwise its `message` */
  readonly message?: string;
  /**
   * Points to the progress: a number, or an object with `progress`, `total` and `message`.
   * @default the answer, if it is such an object
   */
  readonly progress?: string;
  /** Points to the total, the number that the progress eventually reaches. */
  readonly total?: string;
}

/** One of the workflow's questions, and how the workflow takes the answer. */
export interface InputMapping {
  /** The query whose answer shows whether the question is open. @default the status query */
  readonly query?: string;
  /**
   * Points to the question in the query's answer. It is open while the value there is anything but `null`, `false` or
   * `""`.
   */
  readonly when: string;
  /** The text shown to the person; `{field}` stands for that field of the value at `when`. */
  readonly message: string;
  /** JSON Schema of the answer: an object whose properties are primitive. */
  readonly schema: Readonly<Record<string, unknown>>;
  /**
   * The update or signal that takes the answer; `args` names the field for each argument.
   * @default the answer, as one argument
   */
  readonly answer: { readonly kind: 'update' | 'signal'; readonly name: string; readonly args?: readonly string[] };
  /**
   * The update or signal, without arguments, that tells the workflow the question was declined.
   * @default none: the task is cancelled
   */
  readonly declined?: { readonly kind: 'update' | 'signal'; readonly name: string };
}

/**
 * Returns the arguments in the order of `names`, without missing ones at the end. Missing ones in between are `null`.
 */
export function argumentsOf(given: unknown, names: readonly string[] | undefined): unknown[] {
  if (!names) return [given];
  const values = names.map((name) => (given as Readonly<Record<string, unknown>>)[name]);
  return values.slice(0, values.findLastIndex((value) => value !== undefined) + 1).map((value) => value ?? null);
}
