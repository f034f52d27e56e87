/** Reads parts of a task's files on the host of its worker. @module */
import { open } from 'node:fs/promises';
import { ApplicationFailure } from '@temporalio/common';
import { FILE_PART, type FilePart, type FileRequest } from '../task/task-file.js';
import type { CommandTool } from './command-tool.js';
import { TaskFolder, type StoredOutput } from './folder.js';
import { endOfLog, readLog } from './log-file.js';

/**
 * Reads a part of a task's log or of one of its outputs.
 * @throws ApplicationFailure retryable, if this host does not have the file: another worker may
 */
export async function readTaskFile(
  tool: CommandTool,
  { taskId, file, offset, length }: FileRequest,
): Promise<FilePart> {
  const folder = new TaskFolder(tool.places.dir, taskId);
  const bytes = Math.min(length, FILE_PART.most);
  if (file === 'log') {
    const end = endOfLog(folder.log);
    if (end === 0) throw elsewhere();
    const part = readLog(folder.log, offset ?? Math.max(0, end - bytes), bytes);
    return { ...textOf(part.bytes, part.from), size: part.end };
  }
  const output = folder.outputs()[file];
  if (!output) throw elsewhere();
  return await readOutput(output, offset ?? 0, bytes);
}

async function readOutput(output: StoredOutput, offset: number, length: number): Promise<FilePart> {
  const { absolute, path, size, changedAt } = output;
  const file = await open(absolute, 'r').catch(() => undefined);
  if (!file) throw gone(`output ${path} has been removed`);
  try {
    const now = await file.stat();
    if (now.size !== size || now.mtimeMs !== changedAt) throw gone(`output ${path} has changed since the task ended`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    const bytes = buffer.subarray(0, bytesRead);
    const part = isText(bytes) ? textOf(bytes, offset) : undefined;
    return { ...(part ?? { blob: bytes.toString('base64'), offset, next: offset + bytesRead }), size };
  } finally {
    await file.close();
  }
}

/** Cuts the part so that it has whole characters. */
function textOf(bytes: Buffer, offset: number): Omit<FilePart, 'size'> {
  const start = Math.max(
    0,
    bytes.subarray(0, 4).findIndex((byte) => !isContinuation(byte)),
  );
  let end = bytes.length;
  // The first byte of the last character says how many follow.
  const last = bytes.subarray(-4).findLastIndex((byte) => !isContinuation(byte));
  const lead = last < 0 ? undefined : bytes.at(-Math.min(4, bytes.length) + last);
  const follows = Math.min(4, bytes.length) - 1 - last;
  if (lead !== undefined && lengthOf(lead) - 1 > follows) end -= follows + 1;
  // Something that is not UTF-8 must not be read again and again.
  if (end <= start) end = bytes.length;
  return { text: bytes.subarray(start, end).toString('utf8'), offset: offset + start, next: offset + end };
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function lengthOf(lead: number): number {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}

/** Whether the bytes are UTF-8, apart from characters that are cut off at both ends. */
function isText(bytes: Buffer): boolean {
  const text = bytes.toString('utf8');
  return !text.includes('\0') && !text.slice(4, -4).includes('\uFFFD');
}

function elsewhere(): ApplicationFailure {
  return ApplicationFailure.retryable('this worker does not have the file', 'TaskFileElsewhere');
}

function gone(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'TaskFileGone');
}
