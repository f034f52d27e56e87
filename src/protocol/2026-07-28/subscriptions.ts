/** `subscriptions/listen` of protocol 2026-07-28, as far as it is about tasks. @module */
import { z } from 'zod';
import { TASKS_EXTENSION } from '../extension.js';
import type { Subscriptions } from '../version.js';
import { CLIENT_CAPABILITIES, missing, TASKS_REQUIRED } from './capabilities.js';
import { detailedTask2026 } from './task.js';

const METHOD = 'subscriptions/listen';

/** The key in `_meta` of the subscription that a message belongs to: the ID of its request. */
const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId';

/** One answer for the whole list: describing each wrong element of a long one takes long. */
function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

const Listen = z.looseObject({
  id: z.union([z.string(), z.number()]),
  method: z.literal(METHOD),
  params: z.looseObject({
    notifications: z.looseObject({ taskIds: z.custom<readonly string[]>(isTexts) }),
    _meta: z
      .looseObject({
        [CLIENT_CAPABILITIES]: z.looseObject({ extensions: z.looseObject({}).optional() }).optional(),
      })
      .optional(),
  }),
});

interface Acknowledgement {
  readonly method: string;
  readonly params: { readonly notifications: object; readonly _meta?: Readonly<Record<string, unknown>> };
}

export const subscriptions: Subscriptions = {
  method: METHOD,

  parse(message) {
    const parsed = Listen.safeParse(message);
    if (!parsed.success) return undefined;
    const { id, params } = parsed.data;
    const extensions = params._meta?.[CLIENT_CAPABILITIES]?.extensions ?? {};
    const subscription = { id, taskIds: [...new Set(params.notifications.taskIds)] };
    if (TASKS_EXTENSION in extensions) return subscription;
    return { ...subscription, refusal: missing(TASKS_REQUIRED) };
  },

  acknowledgement(message) {
    const { method, params } = message as Partial<Acknowledgement>;
    if (method !== 'notifications/subscriptions/acknowledged' || !params) return undefined;
    return {
      id: params._meta?.[SUBSCRIPTION_ID],
      tasksAlone: Object.keys(params.notifications).length === 0,
    };
  },

  acknowledge(acknowledgement, taskIds) {
    const { params } = acknowledgement as unknown as Acknowledgement;
    return { ...acknowledgement, params: { ...params, notifications: { ...params.notifications, taskIds } } };
  },

  changed: (id, task, pollInterval) => ({
    jsonrpc: '2.0',
    method: 'notifications/tasks',
    params: { ...detailedTask2026(task, pollInterval), _meta: { [SUBSCRIPTION_ID]: id } },
  }),

  ended: (id) => ({ resultType: 'complete', _meta: { [SUBSCRIPTION_ID]: id } }),
};
