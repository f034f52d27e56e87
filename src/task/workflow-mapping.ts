/**
 * What has to be known of a workflow that knows nothing of this package, to read and answer it as a task. It travels in the
 * task's memo, so that a task is read as it was started, whatever has become of its tool since.
 * @module
 */

/** All of it is optional: with nothing mapped, a task shows what Temporal knows. */
export interface WorkflowMapping {
  /** A JSON pointer: which part of the workflow's result is the task's. @default all of it */
  readonly part?: string;
  /** JSON Schema of the task's result; `null`: it has none. Tasks that were started before this was carried lack it: their tool's holds. */
  readonly output?: Readonly<Record<string, unknown>> | null;
  readonly status?: StatusMapping;
  /** Its questions, by name. */
  readonly inputs?: Readonly<Record<string, InputMapping>>;
  /** Whether a failed task shows the stack traces of its failure. @default false */
  readonly stackTraces?: boolean;
}

/** A query of the workflow's own, and JSON pointers into its answer. */
export interface StatusMapping {
  readonly query: string;
  /** Where the message is. @default the answer, where it is a string; else its `message` */
  readonly message?: string;
  /** Where the progress is: a number, or an object with `progress`, `total` and `message`. @default the answer, if it is such an object */
  readonly progress?: string;
  /** Where the number is that the progress reaches in the end. */
  readonly total?: string;
}

/** A question of the workflow's, and how it takes the answer. */
export interface InputMapping {
  /** The query that tells whether it is open. @default that of the status */
  readonly query?: string;
  /** Where in its answer the question is: open while there is a value other than `null`, `false` and `""`. */
  readonly when: string;
  /** Put to the person; `{field}` is that field of the value at `when`. */
  readonly message: string;
  /** Of the answer: an object whose properties are primitive. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** By what it takes the answer: which field each argument is. @default the answer, as one argument */
  readonly answer: { readonly kind: 'update' | 'signal'; readonly name: string; readonly args?: readonly string[] };
  /** What is told to a workflow whose question was declined, without arguments. @default nothing: the task is cancelled */
  readonly declined?: { readonly kind: 'update' | 'signal'; readonly name: string };
}

/** The arguments in the order in which they are named; those missing at the end are left out. */
export function argumentsOf(given: unknown, names: readonly string[] | undefined): unknown[] {
  if (!names) return [given];
  const values = names.map((name) => (given as Readonly<Record<string, unknown>>)[name]);
  return values.slice(0, values.findLastIndex((value) => value !== undefined) + 1).map((value) => value ?? null);
}
