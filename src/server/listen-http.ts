/** Subscriptions to tasks over HTTP: adds the tasks' notifications to the SDK's own stream. @module */
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/server';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { peekBody } from '../mcp/request/body.js';
import { RPC, RpcFault } from '../protocol/errors.js';
import type { PeerHandler } from '../mcp/sessions/sessions-http.js';
import type { Owner } from '../protocol/request.js';
import type { TaskService } from '../mcp/service.js';
import { MOST_UNREAD } from '../protocol/stream.js';
import type { RpcError } from '../task/task.js';
import { onceExpired, untilExpiry } from '../mcp/request/token-expiry.js';
import { ending, failing, honouredTasks, pushTasks, taskListen, type TaskListen } from './subscription.js';

export interface ListenOptions {
  /** The maximum number of open streams with tasks. */
  readonly maxSubscriptions: number;
  /** The interval of keepalive comments on a stream, in milliseconds; 0: never. */
  readonly keepAliveMs: number;
}

export function serveTaskListeners(handler: PeerHandler, service: TaskService, options: ListenOptions): PeerHandler {
  const streams = new Set<TaskStream>();
  const methods = new Set(service.versions.map(({ subscriptions }) => subscriptions?.method));
  return {
    async fetch(request, given, peer) {
      // Check the header first, so that no other request's body is read twice.
      const subscribes = methods.has(request.headers.get('mcp-method') ?? '');
      const listen = subscribes ? taskListen(service.versions, await peekBody(request, given.parsedBody)) : undefined;
      const response = await handler.fetch(request, given, peer);
      if (!listen) return subscribes ? untilExpiry(response, peer.expired, false) : response;
      // Pass on the SDK's refusals.
      if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
      if (listen.refusal) return await instead(response, failing(listen.id, listen.refusal), 400);
      const refuse = async (error: RpcError): Promise<Response> =>
        await instead(response, failing(listen.id, error), 200);
      if (streams.size >= options.maxSubscriptions)
        return await refuse({ code: RPC.internalError, message: 'Subscription limit reached' });
      const { owner } = peer;
      let taskIds: string[];
      try {
        taskIds = await honouredTasks(service, owner, listen, request.signal);
      } catch (error) {
        if (!(error instanceof RpcFault)) throw error;
        return await refuse(error);
      }
      const stream = new TaskStream(service, owner, listen, taskIds, () => streams.delete(stream));
      streams.add(stream);
      request.signal.addEventListener('abort', () => stream.gone(), { once: true });
      return new Response(stream.over(response.body, peer.expired, options.keepAliveMs), {
        status: response.status,
        headers: response.headers,
      });
    },
    async close() {
      for (const stream of streams) stream.end();
      await handler.close();
    },
  };
}

async function instead(response: Response, message: JSONRPCMessage, status: number): Promise<Response> {
  await response.body?.cancel();
  return Response.json(message, { status });
}

class TaskStream {
  /** Aborted to stop pushing tasks and end the stream. */
  readonly #end = new AbortController();
  /** Aborted when the client has disconnected: then nothing more is written. */
  readonly #gone = new AbortController();

  constructor(
    private readonly service: TaskService,
    private readonly owner: Owner,
    private readonly listen: TaskListen,
    private readonly taskIds: readonly string[],
    private readonly ended: () => void,
  ) {}

  end(): void {
    this.#end.abort();
  }

  gone(): void {
    this.#gone.abort();
    this.end();
  }

  over(
    source: ReadableStream<Uint8Array>,
    expired: AbortSignal | undefined,
    keepAliveMs: number,
  ): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    return new ReadableStream({
      start: (controller) => {
        const enqueue = (text: string): void => {
          // Treat a client that has stopped reading as disconnected.
          if ((controller.desiredSize ?? 0) < -MOST_UNREAD) this.gone();
          if (!this.#gone.signal.aborted) controller.enqueue(encoder.encode(text));
        };
        const keepAlive = keepAliveMs > 0 ? setInterval(() => enqueue(': keepalive\n\n'), keepAliveMs) : undefined;
        const forget = onceExpired(expired, () => this.end());
        const done = (): void => {
          clearInterval(keepAlive);
          forget();
          this.ended();
          if (!this.#gone.signal.aborted) controller.close();
        };
        this.#run(source, (message) => enqueue(`event: message\ndata: ${JSON.stringify(message)}\n\n`))
          .catch((error: unknown) =>
            this.service.logger.error({ method: this.listen.format.method, err: error }, 'the stream broke off'),
          )
          .finally(done);
      },
      cancel: () => this.gone(),
    });
  }

  async #run(source: ReadableStream<Uint8Array>, send: (message: JSONRPCMessage) => void): Promise<void> {
    const { service, owner, listen } = this;
    const { id, format } = listen;
    let last: JSONRPCMessage = ending(listen);
    let tasksAlone = false;
    let pushing: Promise<void> | undefined;
    try {
      for await (const message of messages(source, this.#end.signal)) {
        const acknowledgement = format.acknowledgement(message);
        if (acknowledgement) {
          ({ tasksAlone } = acknowledgement);
          send(format.acknowledge(message, this.taskIds));
          pushing = pushTasks(service, this.taskIds, { owner, listen, send, signal: this.#end.signal });
          // Awaited below, once the SDK's own stream has ended. Until then a failure ends that stream.
          pushing.catch(() => this.end());
        } else if (isAnswer(message, id)) {
          // The SDK's last message. It comes immediately if the client listens for nothing but tasks.
          last = message;
        } else {
          send(message);
        }
      }
    } catch (error) {
      if (!this.#end.signal.aborted) throw error;
    }
    if (!tasksAlone) this.end();
    try {
      await pushing;
    } catch (error) {
      if (!(error instanceof RpcFault)) throw error;
      last = failing(id, error);
    }
    send(last);
  }
}

async function* messages(
  source: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<JSONRPCMessage, void> {
  const events = source
    .pipeThrough(new TextDecoderStream() as never, { signal })
    .pipeThrough(new EventSourceParserStream());
  for await (const { data } of events as unknown as AsyncIterable<{ data: string }>)
    yield JSON.parse(data) as JSONRPCMessage;
}

function isAnswer(message: JSONRPCMessage, id: RequestId): boolean {
  return 'id' in message && message.id === id && !('method' in message);
}
