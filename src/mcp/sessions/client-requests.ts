/**
 * Routes replies to requests that an author's own tools send to a client with a session (2025-11-25). A server instance
 * serves a single HTTP request, and the reply arrives in another one, at another instance. So such requests get an ID
 * by which this process finds the waiting server.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';

type RequestId = string | number;

const PREFIX = 'mcp-request.';
/** The maximum number of requests that wait at a time. */
const MOST = 10_000;

type Message = { readonly id?: unknown; readonly method?: string; readonly params?: Readonly<Record<string, unknown>> };
type Send = (message: object, options?: { readonly relatedRequestId?: RequestId }) => Promise<void>;

/** The members that the transports of both SDKs have in common. */
interface Transport {
  onmessage?: (message: Message, extra?: unknown) => void;
  onclose?: () => void;
  send: Send;
}

const Reply = z.looseObject({ id: z.string().startsWith(PREFIX), method: z.undefined().optional() });

interface Waiting {
  readonly session: string;
  readonly deliver: (reply: object) => void;
}

export class ClientRequests {
  readonly #waiting = new Map<string, Waiting>();

  /**
   * Makes the requests that are sent on `transport` answerable. It must be connected, and serve a single request of
   * this session.
   * @param connected a transport of either SDK
   */
  serve(connected: object, session: string): void {
    const transport = connected as Transport;
    const { onmessage, onclose } = transport;
    const send = transport.send.bind(transport);
    /** The IDs that clients see, by the SDK's own IDs. The SDK numbers its requests; any other ID is not the SDK's. */
    const ids = new Map<unknown, string>();
    let served: RequestId | undefined;
    const forget = (own: unknown): void => {
      this.#waiting.delete(ids.get(own) ?? '');
      ids.delete(own);
    };
    const outgoing: Send = async (message: Message, options) => {
      const { id: own, method, params } = message;
      const cancelled = method === 'notifications/cancelled' ? ids.get(params?.['requestId']) : undefined;
      if (cancelled !== undefined) {
        forget(params?.['requestId']);
        return await send({ ...message, params: { ...params, requestId: cancelled } }, related(options));
      }
      if (method === undefined || typeof own !== 'number') return await send(message, options);
      if (this.#waiting.size >= MOST) throw new Error('too many requests to clients are unanswered; try again later');
      const id = PREFIX + randomBytes(18).toString('base64url');
      ids.set(own, id);
      const deliver = (reply: object): void => {
        forget(own);
        onmessage?.({ ...reply, id: own });
      };
      this.#waiting.set(id, { session, deliver });
      await send({ ...message, id }, related(options));
    };
    // The SDK's own shortcut for asking does not name the request that it belongs to.
    const related = (options: Parameters<Send>[1]): Parameters<Send>[1] =>
      served === undefined ? options : { ...options, relatedRequestId: options?.relatedRequestId ?? served };
    transport.send = outgoing;
    transport.onmessage = (message, extra) => {
      const { id, method } = message;
      if (method !== undefined && (typeof id === 'string' || typeof id === 'number')) served = id;
      onmessage?.(message, extra);
    };
    transport.onclose = () => {
      for (const own of ids.keys()) forget(own);
      onclose?.();
    };
  }

  /**
   * Delivers a reply to the server that waits for it.
   * @returns `elsewhere` if no server in this process waits for it; `undefined` if the message is not such a reply
   */
  take(message: unknown, session: string | undefined): 'delivered' | 'elsewhere' | undefined {
    const parsed = Reply.safeParse(message);
    if (!parsed.success) return undefined;
    const waiting = this.#waiting.get(parsed.data.id);
    if (!waiting || waiting.session !== session) return 'elsewhere';
    waiting.deliver(parsed.data);
    return 'delivered';
  }
}
