/** The building blocks of the `tasks/*` methods of all versions. @module */
import { z } from 'zod';
import type { Method } from './version.js';

/** Loose, because some clients also send `task` and other fields. Only the task ID determines which task is meant. */
export const TaskParams = z.looseObject({ taskId: z.string() });
export const CursorParams = z.looseObject({ cursor: z.string().optional() });

type Handle<Params> = (
  params: Params,
  ...rest: Parameters<Method['handle']> extends [never, ...infer Rest] ? Rest : never
) => ReturnType<Method['handle']>;

/** Makes a method whose parameters have the type of its schema. */
export function method<Params extends z.ZodType>(
  about: { readonly params: Params } & Pick<Method, 'poll' | 'waits'>,
  handle: Handle<z.infer<Params>>,
): Method {
  return { ...about, handle };
}
