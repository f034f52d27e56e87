/**
 * Task IDs: `mcp-<owner tag>-<random>`, 128 bits each in lower-case hex. The ID carries its owner, so that access is a
 * comparison of strings and an owner's tasks are one range of workflow IDs, with nothing to set up on the cluster.
 * For a call with an idempotency key a keyed hash takes the place of the random bits.
 * @module
 */
import { createHmac, randomBytes } from 'node:crypto';

const TASK_ID = /^mcp-([0-9a-f]{32})-[0-9a-f]{32}$/;

/** An owner as it appears in IDs: a truncated keyed hash, so that an ID tells nobody who owns it. */
export function ownerTag(key: string, owner: string): string {
  return createHmac('sha256', key).update(`owner\0${owner}`).digest('hex').slice(0, 32);
}

export function newTaskId(tag: string): string {
  return `mcp-${tag}-${randomBytes(16).toString('hex')}`;
}

/** The ID of the task that `name` stands for: always the same, and as unguessable as a random one to whoever lacks the secret. */
export function namedTaskId(secret: string, owner: string, name: string): string {
  const hex = createHmac('sha256', secret).update(`named task\0${name}`).digest('hex').slice(0, 32);
  return `mcp-${ownerTag(secret, owner)}-${hex}`;
}

/** Whether `id` is a task ID of one of these owner tags; anything else, well-formed or not, is nobody's. */
export function belongsTo(id: string, tags: readonly string[]): boolean {
  const tag = TASK_ID.exec(id)?.[1];
  return tag !== undefined && tags.includes(tag);
}

/** The first and the first-beyond-last workflow ID that a tag's tasks can have ('g' follows the hex digits). */
export function idRange(tag: string): readonly [from: string, to: string] {
  return [`mcp-${tag}-0`, `mcp-${tag}-g`];
}
