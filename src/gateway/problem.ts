/** What is wrong with a gateway's file, and where. @module */
import { McpTasksError } from '../task/errors.js';

export interface Problem {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

/** Where in the configuration, from its top. */
export type Path = readonly (string | number)[];

/** All of a file's problems at once. */
export class GatewayFileError extends McpTasksError {
  constructor(
    readonly file: string,
    readonly problems: readonly Problem[],
    /** The files where they may be, by their whole paths, as far as it names them. */
    readonly files: readonly string[] = [],
  ) {
    const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
    super(
      'CONFIGURATION',
      sorted.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n'),
    );
  }
}
