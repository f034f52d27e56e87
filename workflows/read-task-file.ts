/** The shipped workflow that reads a part of a task's files for the task's owner. @module */
import { ActivityFailure, proxyActivities } from '@temporalio/workflow';
import { ApplicationFailure } from '@temporalio/common';
import { commandActivities } from '../src/task/names.js';
import type { FilePart, FileRequest } from '../src/task/task-file.js';

type Read = Record<string, (request: FileRequest) => Promise<FilePart>>;

/** A part of a file, or why there is none. */
export type FileAnswer = FilePart | { readonly missing: string };

/**
 * Reads on whichever worker has the file. If one does not, another one is asked.
 * @param tool the name of the task's tool
 */
export async function mcpReadTaskFile(tool: string, request: FileRequest): Promise<FileAnswer> {
  const activities = proxyActivities<Read>({
    startToCloseTimeout: '5 seconds',
    scheduleToCloseTimeout: '8 seconds',
    retry: { initialInterval: '100 milliseconds', backoffCoefficient: 1.5, maximumAttempts: 8 },
  });
  try {
    return await activities[commandActivities(tool).read]!(request);
  } catch (error) {
    if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure)
      return { missing: error.cause.message };
    throw error;
  }
}
