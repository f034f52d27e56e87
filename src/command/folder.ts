/** A task's folder on a worker's host: the log of its program, and the record of its latest attempt. @module */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Identity = z.object({ pid: z.int().positive(), startedAt: z.string().optional() });

/** An attempt, as it is recorded before and while it runs. It is also the attempt's checkpoint. */
export const AttemptRecord = z.object({
  /** The attempt's number, from 1. */
  attempt: z.int().positive(),
  /** See `thisHost`. */
  host: z.string(),
  supervisor: Identity.optional(),
  /** The leader of the program's process group. */
  program: Identity.optional(),
  /** When the task's program first started, in milliseconds since 1970; absent if it never has. */
  firstStart: z.number().optional(),
  /** How long the program can survive its worker, in milliseconds. */
  outlives: z.number(),
  /** Set once no process of the attempt is left, in milliseconds since 1970. */
  endedAt: z.number().optional(),
  /** Set if the attempt has ended because its task was cancelled. */
  cancelled: z.literal(true).optional(),
  /** The offset in the log that the attempt has reached, in bytes. */
  logOffset: z.number().optional(),
});
export type AttemptRecord = z.infer<typeof AttemptRecord>;

/** A file that a task's program has written. */
export const OutputFile = z.object({
  /** As declared, relative to the working directory. */
  path: z.string(),
  /** In bytes. */
  size: z.number(),
  sha256: z.string(),
});
export type OutputFile = z.infer<typeof OutputFile>;

/** An output, with what is needed to read it later. */
export const StoredOutput = OutputFile.extend({ absolute: z.string(), changedAt: z.number() });
export type StoredOutput = z.infer<typeof StoredOutput>;

const RECORD = 'attempt.json';
const OUTPUTS = 'outputs.json';

/** The folder of one task. */
export class TaskFolder {
  readonly path: string;
  readonly log: string;
  /** Marks the processes of the task's program. */
  readonly mark: string;

  /** @param base the folder that holds those of all tasks */
  constructor(base: string, taskId: string) {
    // The ID contains the owner's tag, and a process shows its environment to others of its user.
    this.mark = createHash('sha256').update(taskId).digest('hex').slice(0, 32);
    this.path = join(base, this.mark);
    this.log = join(this.path, 'log');
  }

  /** Returns the latest attempt on this host; `undefined` if there was none. */
  read(): AttemptRecord | undefined {
    return readRecord(this.path);
  }

  write(record: AttemptRecord): void {
    this.#write(RECORD, record);
  }

  /** Returns the outputs of the task, once it has ended. */
  outputs(): readonly StoredOutput[] {
    try {
      return z.array(StoredOutput).parse(JSON.parse(readFileSync(join(this.path, OUTPUTS), 'utf8')));
    } catch {
      return [];
    }
  }

  writeOutputs(outputs: readonly StoredOutput[]): void {
    this.#write(OUTPUTS, outputs);
  }

  #write(name: string, value: unknown): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const path = join(this.path, name);
    const written = `${path}.${randomUUID()}`;
    writeFileSync(written, JSON.stringify(value), { mode: 0o600 });
    renameSync(written, path);
  }
}

/**
 * Removes the folders of tasks that ended long ago.
 * @param keep how long to keep a folder after the end of the task's last attempt, in milliseconds
 */
export function sweep(base: string, keep: number): void {
  let names: string[];
  try {
    names = readdirSync(base);
  } catch {
    return;
  }
  for (const name of names) {
    const path = join(base, name);
    const endedAt = /^[0-9a-f]{32}$/.test(name) ? readRecord(path)?.endedAt : undefined;
    if (endedAt !== undefined && Date.now() - endedAt > keep) rmSync(path, { recursive: true, force: true });
  }
}

function readRecord(path: string): AttemptRecord | undefined {
  try {
    return AttemptRecord.parse(JSON.parse(readFileSync(join(path, RECORD), 'utf8')));
  } catch {
    return undefined;
  }
}
