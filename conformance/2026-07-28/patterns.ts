/** The rules of the pages on patterns that affect tasks. The text is © the MCP contributors, CC-BY-4.0. @module */
import { CLIENT, OPERATION, page, PERMISSION } from './rule.js';

const TOLD =
  'test/server/listen > over HTTP > acknowledges the tasks it follows, sends their state and each change, and ends when they do';
const STDIO = 'test/server/listen > over stdio > works the same on the single channel';
const CLOSES = 'test/server/listen > over HTTP > ends with a result when the server closes';
const SUBSCRIBED =
  'test/server/extension-stdio > a subscription sends only what was requested, without progress or logs';
const PROGRESS =
  'test/server/extension-stdio > progress of an awaited call carries its token, increases and ends with the call';
const STOPPED =
  'test/server/extension-stdio > `notifications/cancelled` > stops an awaited call, which then gets no answer';
const IGNORED =
  'test/server/extension-stdio > `notifications/cancelled` > is ignored for a task, for unknown or finished requests, and if malformed';
const DROPPED = 'test/server/dropped > a dropped call is cancelled in 2026-07-28, as that version requires';
const ASKED =
  'test/server/before-start > 2026-07-28 > answers with the question, and creates a task for the answer, at any replica';
const FITS = 'test/server/before-start > 2026-07-28 > asks again with the reason if an answer is missing or invalid';
const REFUSED = 'test/server/before-start > 2026-07-28 > refuses a requestState with %s';
const UNABLE =
  'test/server/before-start > 2026-07-28 > needs a client that declares form elicitation, if there is something to ask';
const EXPIRES = 'test/server/extension-rules > multi round-trip requests > a requestState expires after an hour';
const PUBLIC =
  'test/server/before-start > 2026-07-28 > is answered by the host’s own elicitation handler on the public client';

/** A task's questions in the answer to the call that waits for it. */
const CALL = 'test/server/call-questions > the questions of a task';
const ANSWERED = `${CALL} > are answered by repeating the call, at any replica, and the task goes on`;
const TOGETHER = `${CALL} > come together, are asked again if an answer is missing, and ignore unknown answers`;
const INVALID = `${CALL} > are asked again with the reason after an invalid answer, and may be URLs and sampling requests`;
const ABANDONED = `${CALL} > wait for a day if the workflow does not say how long, and then end without an answer`;
const REPEATED = 'test/server/call-questions > a call that is repeated';
const ONCE = `${REPEATED} > any number of times gets the same result, and the first answer counts`;
const FOREIGN = `${REPEATED} > with %s is refused, and starts nothing`;
const LAPSED = `${REPEATED} > after a day is refused, and starts nothing`;
const DECLARED =
  'test/server/call-questions > a client > only gets the questions that this request declares, and never those that the tool does not declare';
const SDK = 'test/server/call-questions > a client > of the SDK answers with its own handlers, and gets progress';

export const subscriptionRules = page('subscriptions', {
  'Opening a Stream': [
    [
      'MUST NOT',
      'The server MUST NOT send notification types the client has not explicitly requested.',
      { official: ['sep-2575-server-honors-notification-filter'], own: [SUBSCRIBED] },
    ],
  ],
  Acknowledgment: [
    [
      'MUST',
      "The server MUST send `notifications/subscriptions/acknowledged` as the first message carrying the subscription's ID in `_meta` under `io.modelcontextprotocol/subscriptionId`",
      { official: ['sep-2575-server-sends-subscription-ack'], own: [TOLD, STDIO] },
    ],
    ['MUST NOT', 'and MUST NOT send any notification on the subscription before it.', { own: [TOLD, STDIO] }],
    ['MAY', 'On stdio, (…) messages belonging to other subscriptions MAY be interleaved before it.', PERMISSION],
    [
      'statement',
      'The `notifications` field in the acknowledgment reflects the subset the server agreed to honor. Notification types the server does not support are omitted.',
      { own: [TOLD, 'test/server/listen > over HTTP > stays open for other notifications, and has a limit'] },
    ],
    [
      'SHOULD',
      'The client SHOULD check the acknowledged filter against what it requested and handle any unsupported types gracefully.',
      CLIENT,
    ],
  ],
  'Receiving Notifications': [
    [
      'statement',
      'All notifications delivered on the stream carry `io.modelcontextprotocol/subscriptionId` in `_meta`',
      { official: ['sep-2575-server-tags-subscription-id'], own: [TOLD, SUBSCRIBED] },
    ],
    [
      'MUST',
      'On stdio, where all messages share a single channel, clients MUST use this field to correlate notifications with their originating subscription.',
      CLIENT,
    ],
  ],
  'Multiple Concurrent Subscriptions': [
    ['MAY', 'A client MAY have multiple active subscriptions concurrently', { own: [STDIO, SUBSCRIBED] }],
  ],
  Cancellation: [
    [
      'SHOULD',
      'The server tears it down (e.g., during shutdown) — it SHOULD send a successful `subscriptions/listen` response to signal a graceful end, then close the stream.',
      { own: [CLOSES] },
    ],
    [
      'SHOULD',
      'When the server ends a subscription on its own initiative (for example, during shutdown), it SHOULD respond to the original `subscriptions/listen` request with a completion result before closing the stream.',
      { own: [TOLD, CLOSES] },
    ],
    ['MAY', 'an unexpected disconnect, which the client MAY treat as a trigger to reconnect.', PERMISSION],
    [
      'MUST',
      'On stdio, if the connection is terminated and then re-established, the client MUST re-send `subscriptions/listen` to re-establish its subscriptions',
      CLIENT,
    ],
  ],
});

export const mrtrRules = page('mrtr', {
  'Multi Round-Trip Requests': [
    [
      'MUST',
      'Servers MUST send server-to-client requests (such as `roots/list`, `sampling/createMessage`, or `elicitation/create`) using the MRTR pattern.',
      { official: ['sep-2575-http-server-no-independent-requests-on-stream'], own: [ASKED, ANSWERED] },
    ],
  ],
  'Supported Requests': [
    [
      'MUST NOT',
      'Servers MUST NOT send `InputRequiredResult` responses on any other client requests.',
      { official: ['tasks-result-type-complete-on-non-task-responses'] },
    ],
  ],
  'Server Requirements': [
    ['MAY', 'Servers MAY respond to any supported client request with an `InputRequiredResult`.', { own: [ASKED] }],
    [
      'MUST',
      '`inputRequests` keys are server assigned identifiers and MUST be unique within the scope of the request.',
      { own: [TOGETHER] },
    ],
    [
      'MUST',
      '`inputRequests` values are request objects that MUST be one of `ElicitRequest`, `CreateMessageRequest`, or `ListRootsRequest`',
      { official: ['sep-2663-mrtr-synchronous-before-task-creation'], own: [ASKED, INVALID] },
    ],
    [
      'MUST',
      'If a client request contains a `requestState` field, servers MUST treat `requestState` as an attacker-controlled input.',
      { own: [REFUSED, FOREIGN] },
    ],
    [
      'MUST',
      'If `requestState` influences authorization, resource access, or business logic, servers MUST protect its integrity (e.g. HMAC or AEAD)',
      { own: [REFUSED, FOREIGN] },
    ],
    ['MUST', 'and MUST reject state that fails verification.', { own: [REFUSED, FOREIGN] }],
    [
      'SHOULD',
      'To prevent replay, servers SHOULD include (…) and verify each on receipt: the authenticated principal, rejecting state presented by a different principal',
      { own: [REFUSED, FOREIGN] },
    ],
    ['SHOULD', 'a short expiry (TTL), rejecting state presented after it lapses', { own: [EXPIRES, LAPSED] }],
    [
      'SHOULD',
      'an identifier for the originating request, e.g. the method name and a digest of its salient parameters, rejecting state presented on a request that does not match.',
      { own: [REFUSED, FOREIGN] },
    ],
    [
      'MUST',
      'Servers for which a given `requestState` must be consumed at most once (e.g., one-time redemptions) MUST enforce that invariant server-side.',
      { own: [ASKED, ONCE] },
    ],
    [
      'MUST',
      'Servers MUST include at least one of `inputRequests` or `requestState` in every `InputRequiredResult` response.',
      { own: [ASKED] },
    ],
    [
      'MUST NOT',
      'Servers MUST NOT send an `inputRequests` that the client has not declared support for in its capabilities.',
      {
        official: ['sep-2575-server-rejects-undeclared-capability'],
        own: [
          UNABLE,
          DECLARED,
          'test/server/input > a client that does not declare the needed capability > %j is refused before anything starts',
        ],
      },
    ],
    [
      'MUST NOT',
      'if a client does not declare support for `elicitation`, the server MUST NOT include any `elicitation/create` requests in the `inputRequests` field.',
      { own: [UNABLE, DECLARED] },
    ],
    [
      'MUST NOT',
      'Servers MUST NOT assume that clients will fulfill the `inputRequests` or retry the original request.',
      { own: [ASKED, ABANDONED] },
    ],
    [
      'MAY',
      'Servers MAY choose to return an `InputRequiredResult` on multiple attempts at the same request',
      { own: [FITS] },
    ],
  ],
  'Client Requirements': [
    [
      'MUST',
      'If a client receives an `InputRequiredResult` that contains the `inputRequests` field, the client MUST construct the requested inputs before retrying the original request.',
      {
        own: [
          PUBLIC,
          SDK,
          'test/client/call-tool > onInput also answers what a tool asks before it starts, in 2026-07-28',
        ],
      },
    ],
    [
      'MUST',
      'If an `InputRequiredResult` contains the `requestState` field, the client MUST echo back the exact value of that field when retrying the original request.',
      { own: [PUBLIC, SDK] },
    ],
    [
      'MUST NOT',
      'Clients MUST NOT inspect, parse, modify, or make any assumptions about the `requestState` contents.',
      CLIENT,
    ],
    [
      'MUST NOT',
      'If the `InputRequiredResult` does not contain a `requestState` field, the client MUST NOT include one in the retry.',
      CLIENT,
    ],
    [
      'MUST',
      'The JSON-RPC `id` MUST be different between the initial request and the retry, as they are independent requests.',
      CLIENT,
    ],
    ['MUST NOT', 'They MUST NOT be used for any other request that the client may be sending in parallel.', CLIENT],
  ],
  'Error Handling': [
    [
      'SHOULD',
      'Servers SHOULD validate that the data provided by the client is a valid `InputResponses` object and that the information inside can be correctly parsed.',
      { own: [FITS, INVALID] },
    ],
    [
      'SHOULD',
      'Protocol errors (malformed JSON, invalid schema, internal server errors) SHOULD return a JSON-RPC error response with an appropriate error code and message.',
      { own: [REFUSED, UNABLE] },
    ],
    [
      'SHOULD',
      'If additional, unexpected parameters are provided in the `InputResponses` object, the server SHOULD ignore any information it does not recognize or need.',
      {
        own: [
          'test/server/extension-rules > multi round-trip requests > responses that were not requested are ignored',
          TOGETHER,
        ],
      },
    ],
    [
      'SHOULD',
      'If the client fails to send all the information requested in a previous `InputRequests`, (…) the server SHOULD respond with a new `InputRequiredResult` requesting the missing information again, rather than returning an error.',
      { own: [FITS, TOGETHER] },
    ],
  ],
  'Security Considerations': [
    [
      'MUST',
      'Servers MUST validate request state as described in the server requirements above.',
      { own: [REFUSED, EXPIRES, FOREIGN, LAPSED] },
    ],
  ],
});

export const cancellationRules = page('cancellation', {
  Cancellation: [
    [
      'SHOULD',
      'A client SHOULD send a cancellation notification to indicate that a request it previously issued should be terminated.',
      CLIENT,
    ],
    [
      'MUST',
      'A server MUST send `notifications/cancelled` referencing a `subscriptions/listen` request ID when it tears down that subscription stream (see Subscriptions).',
      {
        untested:
          'not done: the page it refers to has the server end a subscription with the answer to its request, which is done',
      },
    ],
    [
      'MUST NOT',
      'Servers MUST NOT send `notifications/cancelled` for any other purpose.',
      { own: [IGNORED, SUBSCRIBED] },
    ],
  ],
  'Transport-Specific Cancellation': [
    [
      'MUST',
      'Streamable HTTP: Closing the SSE response stream is the cancellation signal. The server MUST treat a client disconnect as cancellation of that request.',
      { own: [DROPPED] },
    ],
    [
      'MUST',
      'stdio: There is no per-request stream to close. The client MUST send a `notifications/cancelled` notification referencing the request ID.',
      CLIENT,
    ],
  ],
  Timeouts: [
    [
      'SHOULD',
      'Implementations SHOULD establish timeouts for all sent requests, to prevent hung connections and resource exhaustion.',
      { untested: 'binds the sender of requests, which is always the client in this version' },
    ],
    ['SHOULD', 'the sender SHOULD cancel the request and stop waiting for a response.', CLIENT],
    [
      'SHOULD',
      'SDKs and other middleware SHOULD allow these timeouts to be configured on a per-request basis.',
      CLIENT,
    ],
    ['SHOULD', 'implementations SHOULD always enforce a maximum timeout, regardless of progress notifications', CLIENT],
  ],
  'Behavior Requirements': [
    [
      'MUST',
      'Cancellation notifications MUST only reference requests that: Were previously issued by the client; Are believed to still be in-progress',
      CLIENT,
    ],
    [
      'MUST',
      'Server-sent cancellation notifications MUST reference a `subscriptions/listen` request',
      { untested: 'this server sends none' },
    ],
    [
      'SHOULD',
      'Servers receiving cancellation notifications SHOULD: Stop processing the cancelled request; Free associated resources',
      { own: [STOPPED, STDIO] },
    ],
    ['SHOULD', 'Not send a response for the cancelled request', { own: [STOPPED, STDIO] }],
    [
      'MAY',
      'Servers MAY ignore cancellation notifications if: The referenced request is unknown; Processing has already completed; The request cannot be cancelled',
      PERMISSION,
    ],
    ['SHOULD', 'The client SHOULD ignore any response to the cancelled request that arrives afterward', CLIENT],
  ],
  'Timing Considerations': [['MUST', 'Both parties MUST handle these race conditions gracefully', { own: [IGNORED] }]],
  'Implementation Notes': [['SHOULD', 'Both parties SHOULD log cancellation reasons for debugging', OPERATION]],
  'Error Handling': [
    [
      'SHOULD',
      'Invalid cancellation notifications SHOULD be ignored: Unknown request IDs; Already completed requests; Malformed notifications',
      { own: [IGNORED] },
    ],
  ],
});

export const progressRules = page('progress', {
  'Progress Flow': [
    ['MUST', 'Progress tokens MUST be a string or integer value', CLIENT],
    [
      'MUST',
      'Progress tokens can be chosen by the client using any means, but MUST be unique across all active requests.',
      CLIENT,
    ],
    [
      'MUST',
      'The `progress` value MUST increase with each notification, even if the total is unknown.',
      { own: [PROGRESS] },
    ],
    ['MAY', 'The `progress` and the `total` values MAY be floating point.', PERMISSION],
    ['SHOULD', 'The `message` field SHOULD provide relevant human readable progress information.', { own: [PROGRESS] }],
  ],
  'Behavior Requirements': [
    [
      'MUST',
      'Progress notifications MUST only reference tokens that: Were provided in an active request; Are associated with an in-progress operation',
      { own: [PROGRESS, SUBSCRIBED] },
    ],
  ],
  'Implementation Notes': [
    ['SHOULD', 'Clients and servers SHOULD track active progress tokens', OPERATION],
    [
      'SHOULD',
      'Both parties SHOULD implement rate limiting to prevent flooding',
      {
        untested: 'the worker’s heartbeats determine how often progress is sent; no test asserts on timing',
      },
    ],
    ['MUST', 'Progress notifications MUST stop after completion', { own: [PROGRESS] }],
  ],
});
