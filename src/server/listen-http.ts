/** Subscriptions to tasks over HTTP: adds the tasks' notifications to the SDK's own stream. @module */
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/server';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { limitReached } from '../mcp/request/refusal.js';
import { LimitExceeded } from '../protocol/errors.js';
import type { PeerHandler } from '../mcp/sessions/sessions-http.js';
import type { TaskService } from '../mcp/service.js';
import { onceExpired, untilExpiry } from '../mcp/request/token-expiry.js';
import { failing, taskListen, TaskSubscription } from './subscription.js';

/** @param keepAliveMs the interval of keepalive comments on a stream, in milliseconds; 0: never */
export function serveTaskListeners(handler: PeerHandler, service: TaskService, keepAliveMs: number): PeerHandler {
  const streams = new Set<TaskStream>();
  const methods = new Set(service.versions.map(({ subscriptions }) => subscriptions?.method));
  return {
    async fetch(request, given, peer) {
      const subscribes = methods.has(request.headers.get('mcp-method') ?? '');
      if (!subscribes) return await handler.fetch(request, given, peer);
      const body = given.parsedBody;
      let release: () => void;
      try {
        release = service.quota.hold(peer, 'subscriptions');
      } catch (error) {
        if (error instanceof LimitExceeded) return limitReached(error, (body as { id?: unknown } | null)?.id);
        throw error;
      }
      peer.onceOver(release);
      const listen = taskListen(service.versions, body);
      const response = await handler.fetch(request, given, peer);
      if (!listen) return untilExpiry(response, peer.expired, false);
      // Pass on the SDK's refusals.
      if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
      if (listen.refusal) return await instead(response, failing(listen.id, listen.refusal), 400);
      const subscription = new TaskSubscription({ service, owner: peer.owner, listen });
      const stream = new TaskStream(subscription, service, () => {
        streams.delete(stream);
        release();
      });
      request.signal.addEventListener('abort', () => stream.gone(), { once: true });
      streams.add(stream);
      let refusal: JSONRPCMessage | undefined;
      try {
        refusal = await subscription.honour();
      } catch (error) {
        streams.delete(stream);
        throw error;
      }
      if (refusal) {
        streams.delete(stream);
        return await instead(response, refusal, 200);
      }
      return new Response(stream.over(response.body, peer.expired, keepAliveMs), {
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
  /** Aborted when the client has disconnected: then nothing more is written. */
  readonly #gone = new AbortController();

  constructor(
    private readonly subscription: TaskSubscription,
    private readonly service: TaskService,
    private readonly ended: () => void,
  ) {}

  end(): void {
    this.subscription.stop();
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
            this.service.logger.error(
              { method: this.subscription.listen.format.method, err: error },
              'subscription stream failed',
            ),
          )
          .finally(done);
      },
      cancel: () => this.gone(),
    });
  }

  async #run(source: ReadableStream<Uint8Array>, send: (message: JSONRPCMessage) => void): Promise<void> {
    const { subscription } = this;
    /** The SDK's last message. It comes immediately if the client listens for nothing but tasks. */
    let answer: JSONRPCMessage | undefined;
    let pushing: Promise<JSONRPCMessage | undefined> | undefined;
    try {
      for await (const message of messages(source, subscription.stopped)) {
        if (subscription.isAcknowledgedBy(message)) {
          send(subscription.acknowledge(message));
          pushing = subscription.push(send);
          // Awaited below, once the SDK's own stream has ended. A failure ends that stream.
          pushing.catch(() => undefined);
        } else if (isAnswer(message, subscription.listen.id)) {
          answer = message;
        } else {
          send(message);
        }
      }
    } catch (error) {
      if (!subscription.stopped.aborted) throw error;
    }
    subscription.stopWithSdk();
    send((await pushing) ?? answer ?? subscription.ending);
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
