/** The files of a command tool's task, which its owner reads in parts: the log of its program, and its outputs. @module */

/** A part of a file to read. */
export interface FileRequest {
  readonly taskId: string;
  /** `log`, or the index of an output. */
  readonly file: 'log' | number;
  /** Where the part begins, in bytes. @default for a log, so that the part ends with the log; for an output, 0 */
  readonly offset?: number;
  /** The maximum size of the part, in bytes. */
  readonly length: number;
}

/** A part of a file. */
export interface FilePart {
  /** Set if the part is text. */
  readonly text?: string;
  /** Set otherwise, in base64. */
  readonly blob?: string;
  /** Where the part begins, in bytes. The oldest lines of a long log are dropped, so this may be more than was asked for. */
  readonly offset: number;
  /** Where the next part begins, in bytes. */
  readonly next: number;
  /** The size of the whole file now, in bytes. */
  readonly size: number;
}

/** The default and the maximum size of a part, in bytes. */
export const FILE_PART = { usual: 65_536, most: 262_144 } as const;
