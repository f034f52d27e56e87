/** Problems in a gateway file, with their positions. @module */
import { McpTasksError } from '../task/errors.js';

/** A problem in a gateway file. */
export interface Problem {
  /** Counted from 1, like `column`. */
  readonly line: number;
  readonly column: number;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

/** A place in the configuration, as keys and indexes from its top level. */
export type Path = readonly (string | number)[];

/** Reports all problems in a file at once. */
export class GatewayFileError extends McpTasksError {
  constructor(
    readonly file: string,
    readonly problems: readonly Problem[],
    /** The absolute paths of the files in which the problems may lie, as far as they are known. */
    readonly files: readonly string[] = [],
  ) {
    const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
    super(
      'CONFIGURATION',
      sorted.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n'),
    );
  }
}
