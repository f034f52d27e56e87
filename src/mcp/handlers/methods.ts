/** The `tasks/*` methods. @module */
import type { z } from 'zod';
import type { RequestContext, RpcResult } from '../../protocol/request.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import { asRpcFaults } from '../request/faults.js';
import type { TaskService } from '../service.js';
import { taskOperations } from './tasks.js';

/** A method that an adapter registers with its SDK. */
export interface ServedMethod {
  readonly params: z.ZodType;
  /** @throws RpcFault */
  handle(params: unknown, ctx: RequestContext): Promise<RpcResult>;
}

/**
 * Returns the `tasks/*` methods of a version. Subscriptions are handled elsewhere, in front of the server instance.
 */
export function taskMethods(service: TaskService, version: ProtocolVersion): Readonly<Record<string, ServedMethod>> {
  return Object.fromEntries(
    Object.entries(version.methods).map(([method, { params, handle }]) => [
      method,
      {
        params,
        handle: async (parsed, ctx) => {
          const { taskId } = parsed as { taskId?: string };
          const tasks = taskOperations(service, version, ctx);
          return await asRpcFaults(service.logger, { method, taskId }, ctx.signal, () =>
            handle(parsed as never, tasks, ctx),
          );
        },
      } satisfies ServedMethod,
    ]),
  );
}
