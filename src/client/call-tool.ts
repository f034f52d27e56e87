/** `callTool`: one await for a tool that may become a task, in either protocol version. @module */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { milliseconds } from '../task/duration.js';
import { InputDesk, type OnInput } from './inputs.js';
import { ask, eraOf, type McpClient, type ToolResult } from './mcp-client.js';
import type { CallToolOptions, CallToolParams } from './options.js';
import { withinLimits } from './patience.js';
import { MOVED_TASK } from './moved-task.js';
import { Tap } from './seam.js';
import { settle } from './settle.js';
import { CallAnswer, statusOf, type TaskStatus } from './status.js';
import { takesTask } from './tool-support.js';

/** What a client declares to get tasks in 2026-07-28: `new Client(info, { capabilities: tasksCapability })`. */
export const tasksCapability = { extensions: { 'io.modelcontextprotocol/tasks': {} } };

/** The maximum number of times a tool may ask before it starts. */
const MAX_ROUNDS = 10;
/** The pause before repeating a call that the server deferred without asking anything, in milliseconds. */
const PAUSE = 1_000;

/**
 * Calls a tool and resolves with its result, however long it takes. If the server makes the call a task, polls the task
 * at the server's interval, through restarts of the server.
 *
 * @param client a connected `Client` of `@modelcontextprotocol/client` or `@modelcontextprotocol/sdk`; in 2026-07-28 it
 * has to declare {@link tasksCapability}
 * @returns the tool's result, including one with `isError`
 * @throws JsonRpcError the JSON-RPC error that the call or its task ended with; -32600 if the task was cancelled
 * @throws JsonRpcError -32010 if the server still refuses the call after `patience`, because a limit has been reached
 * @throws the client's own error if the server is unreachable
 * @throws McpTasksError `CONFIGURATION` if an option is not a duration
 * @throws the signal's reason
 * @example
 * const { structuredContent } = await callTool(
 *   client,
 *   { name: 'countdown', arguments: { seconds: 60 } },
 *   { onStatus: ({ status, statusMessage = '' }) => console.log(status, statusMessage) },
 * );
 */
export async function callTool(
  client: McpClient,
  params: CallToolParams,
  options: CallToolOptions = {},
): Promise<ToolResult> {
  // Check before the call: an error after it could leave a running task that nobody awaits.
  for (const name of ['patience', 'timeout', 'ttl'] as const)
    if (options[name] !== undefined) milliseconds(options[name], name);
  const { signal, onProgress, onInput } = options;
  const tap = Tap.of(client);
  const token = randomUUID();
  const meta = onProgress ? { _meta: { ...params._meta, progressToken: token } } : {};
  if (onProgress) tap.progressListeners.set(token, onProgress);
  try {
    const task =
      eraOf(client) === '2025-11-25' && (await takesTask(client, params.name))
        ? { task: options.ttl === undefined ? {} : { ttl: milliseconds(options.ttl, 'ttl') } }
        : {};
    const callAndSettle = async (): Promise<{ result: Promise<ToolResult> | ToolResult }> => {
      const answer = await answered(client, { ...params, ...meta, ...task }, options);
      const created = createdTask(answer);
      if (!created) return { result: answer as unknown as ToolResult };
      const server = client.getServerVersion();
      const record = {
        taskId: created.taskId,
        tool: params.name,
        createdAt: created.createdAt,
        ...(server ? { server: { name: server.name, version: server.version } } : {}),
      };
      return {
        result: settle(
          client,
          created.taskId,
          { ...options, created, desk: onInput && new InputDesk(onInput), progress: onProgress !== undefined },
          record,
        ),
      };
    };
    const { result } = 'task' in task ? await tap.questions.creating(callAndSettle) : await callAndSettle();
    return await result;
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    tap.progressListeners.delete(token);
  }
}

/** Returns the answer to the call, after answering what the tool asks before it starts (2026-07-28). */
async function answered(
  client: McpClient,
  params: Record<string, unknown>,
  { signal, onInput, timeout = '1 minute', patience = '5 minutes' }: CallToolOptions,
): Promise<z.infer<typeof CallAnswer>> {
  let more = {};
  for (let round = 0; round <= MAX_ROUNDS; round++) {
    // Without onInput the client's own handlers answer.
    const request = { method: 'tools/call', params: { ...params, ...more } };
    const send = async (): Promise<z.infer<typeof CallAnswer>> =>
      await ask(client, request, CallAnswer, {
        timeout: milliseconds(timeout, 'timeout'),
        signal,
        ...(onInput ? { allowInputRequired: true } : {}),
      });
    const answer = await withinLimits(send, { patience: milliseconds(patience, 'patience'), signal });
    if (answer['resultType'] !== 'input_required' || !onInput) return answer;
    const { inputRequests, requestState } = answer;
    if (!inputRequests) await delay(PAUSE, undefined, signal ? { signal } : {});
    more = {
      inputResponses: await answers(inputRequests ?? {}, onInput),
      ...(requestState === undefined ? {} : { requestState }),
    };
  }
  throw new Error(`The tool asked more than ${MAX_ROUNDS} times before it started`);
}

async function answers(requests: Parameters<InputDesk['take']>[0], onInput: OnInput): Promise<object> {
  return Object.fromEntries(
    await Promise.all(Object.entries(requests).map(async ([key, request]) => [key, await onInput(request)])),
  );
}

function createdTask({ task, _meta }: z.infer<typeof CallAnswer>): TaskStatus | undefined {
  const created = task ?? _meta?.[MOVED_TASK];
  return created && statusOf(created);
}
