/**
 * Task IDs: `mcp-<owner tag>-<random>`, 128 bits each in lower-case hex. The ID contains its owner's tag, so an access
 * check is a string comparison and an owner's tasks are one range of workflow IDs, with nothing to set up on the
 * cluster. For a call with an idempotency key, a keyed hash replaces the random bits.
 * @module
 */
import { createHmac, randomBytes } from 'node:crypto';

const TASK_ID = /^mcp-([0-9a-f]{32})-[0-9a-f]{32}$/;

/** Returns an owner's tag for use in IDs: a truncated keyed hash, so that an ID does not reveal its owner. */
export function ownerTag(key: string, owner: string): string {
  return createHmac('sha256', key).update(`owner\0${owner}`).digest('hex').slice(0, 32);
}

export function newTaskId(tag: string): string {
  return `mcp-${tag}-${randomBytes(16).toString('hex')}`;
}

/**
 * Returns the ID of the task that `name` stands for. It is always the same, and without the secret as unguessable as a
 * random one.
 */
export function namedTaskId(secret: string, owner: string, name: string): string {
  // The owner is part of the hash, so that two owners' IDs never reveal that both made the same call.
  const hex = createHmac('sha256', secret)
    .update(`named task\0${JSON.stringify([owner, name])}`)
    .digest('hex')
    .slice(0, 32);
  return `mcp-${ownerTag(secret, owner)}-${hex}`;
}

/** Returns the ID that an earlier version of this package gave to the task that `name` stands for. */
export function earlierTaskId(secret: string, owner: string, name: string): string {
  const hex = createHmac('sha256', secret).update(`named task\0${name}`).digest('hex').slice(0, 32);
  return `mcp-${ownerTag(secret, owner)}-${hex}`;
}

/** Whether `id` is a well-formed task ID. */
export function isTaskId(id: string): boolean {
  return TASK_ID.test(id);
}

/** Whether `id` is a well-formed task ID with one of these owner tags. */
export function belongsTo(id: string, tags: readonly string[]): boolean {
  const tag = tagOf(id);
  return tag !== undefined && tags.includes(tag);
}

/** Returns the owner tag of a task ID; `undefined` if it is not a well-formed one. */
export function tagOf(id: string): string | undefined {
  return TASK_ID.exec(id)?.[1];
}

/** The range of workflow IDs that the tasks of all owners have, in the form of {@link idRange}. */
export const EVERY_ID: readonly [from: string, to: string] = ['mcp-0', 'mcp-g'];

/** Returns the range of workflow IDs that a tag's tasks can have; `to` is exclusive ('g' follows the hex digits). */
export function idRange(tag: string): readonly [from: string, to: string] {
  return [`mcp-${tag}-0`, `mcp-${tag}-g`];
}
