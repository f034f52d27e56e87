/** An engine for workflows that do not know about MCP. Tests can intercept its queries. @module */
import { randomUUID } from 'node:crypto';
import { Client, Connection, QueryRejectCondition } from '@temporalio/client';
import { inject } from 'vitest';
import { z } from 'zod';
import { defineTool, type DurableTool } from '../../src/index.js';
import type { WorkflowMapping } from '../../src/task/workflow-mapping.js';
import { Engine, Keyring, type EngineOptions } from '../../src/temporal/index.js';
import type { TaskEngine } from '../../src/temporal/namespaces.js';
import { key } from './stack.js';

export interface OpenEngine {
  readonly engine: Engine;
  readonly client: Client;
  readonly taskQueue: string;
  /** The names of the queries sent so far. */
  readonly asked: string[];
  /** Called before each query. If it throws, the query fails with that error. */
  beforeQuery: (query: string) => void | Promise<void>;
}

/** @param address of Temporal, or of a proxy in front of it */
export function openEngine(
  address = inject('temporalAddress'),
  options: Pick<EngineOptions, 'maxLongPolls' | 'logger'> = {},
): OpenEngine {
  const taskQueue = `plain-${randomUUID()}`;
  const query = async <I extends { readonly queryType: string }>(
    input: I,
    next: (input: I) => Promise<unknown>,
  ): Promise<unknown> => {
    opened.asked.push(input.queryType);
    await opened.beforeQuery(input.queryType);
    return await next(input);
  };
  const client = new Client({
    connection: Connection.lazy({ address, interceptors: [] }),
    workflow: { queryRejectCondition: QueryRejectCondition.NOT_OPEN },
    interceptors: { workflow: [{ query }] },
  });
  const opened: OpenEngine = {
    engine: new Engine({ client, keys: Keyring.parse(key), taskQueue, ...options }),
    client,
    taskQueue,
    asked: [],
    beforeQuery: () => {},
  };
  return opened;
}

/** Returns the engine with the methods that only the MCP handlers call. */
export function wholeEngine({ engine }: { readonly engine: Engine }): TaskEngine {
  return engine as TaskEngine;
}

/** Defines a tool that runs an existing workflow. */
export function existing(workflowType: string, mapping: WorkflowMapping): DurableTool {
  return {
    ...defineTool({ name: 'existing', inputSchema: z.unknown(), workflow: workflowType }),
    work: { kind: 'workflow', workflowType, existing: { args: ['given'], mapping } },
  };
}
