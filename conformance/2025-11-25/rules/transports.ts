/**
 * The rules of the specification's page on transports, in its order.
 * The text is © the MCP contributors, CC-BY-4.0.
 * @module
 */
import { OPERATION, PERMISSION, REQUESTOR, section, STDIO } from './rule.js';

export const transportRules = [
  ...section('Transports', [
    ['http-utf8', 'MUST', 'JSON-RPC messages MUST be UTF-8 encoded.'],
    ['stdio-1', 'SHOULD', 'Clients SHOULD support stdio whenever possible.', REQUESTOR],
  ]),
  ...section('stdio', [
    ['stdio-2', 'MUST NOT', 'Messages are delimited by newlines, and MUST NOT contain embedded newlines.', STDIO],
    [
      'stdio-3',
      'MAY',
      'The server MAY write UTF-8 strings to its standard error (`stderr`) for any logging purposes including informational, debug, and error messages.',
      STDIO,
    ],
    [
      'stdio-4',
      'MAY',
      "The client MAY capture, forward, or ignore the server's `stderr` output and SHOULD NOT assume `stderr` output indicates error conditions.",
      STDIO,
    ],
    [
      'stdio-5',
      'MUST NOT',
      'The server MUST NOT write anything to its `stdout` that is not a valid MCP message.',
      STDIO,
    ],
    [
      'stdio-6',
      'MUST NOT',
      "The client MUST NOT write anything to the server's `stdin` that is not a valid MCP message.",
      STDIO,
    ],
  ]),
  ...section('Streamable HTTP', [
    [
      'http-endpoint',
      'MUST',
      'The server MUST provide a single HTTP endpoint path (hereafter referred to as the MCP endpoint) that supports both POST and GET methods.',
      { sameAs: 'listen-3' },
    ],
  ]),
  ...section('Security Warning', [
    [
      'security-1',
      'MUST',
      'Servers MUST validate the `Origin` header on all incoming connections to prevent DNS rebinding attacks',
      { sameAs: 'security-2' },
    ],
    [
      'security-2',
      'MUST',
      'If the `Origin` header is present and invalid, servers MUST respond with HTTP 403 Forbidden.',
    ],
    ['security-3', 'MAY', 'The HTTP response body MAY comprise a JSON-RPC error response that has no `id`', PERMISSION],
    [
      'security-4',
      'SHOULD',
      'When running locally, servers SHOULD bind only to localhost (127.0.0.1) rather than all network interfaces (0.0.0.0)',
    ],
    ['security-5', 'SHOULD', 'Servers SHOULD implement proper authentication for all connections', OPERATION],
  ]),
  ...section('Sending Messages to the Server', [
    [
      'send-1',
      'MUST',
      'Every JSON-RPC message sent from the client MUST be a new HTTP POST request to the MCP endpoint.',
      REQUESTOR,
    ],
    ['send-2', 'MUST', 'The client MUST use HTTP POST to send JSON-RPC messages to the MCP endpoint.', REQUESTOR],
    [
      'send-3',
      'MUST',
      'The client MUST include an `Accept` header, listing both `application/json` and `text/event-stream` as supported content types.',
      REQUESTOR,
    ],
    [
      'send-4',
      'MUST',
      'The body of the POST request MUST be a single JSON-RPC request, notification, or response.',
      REQUESTOR,
    ],
    [
      'send-5',
      'MUST',
      'If the input is a JSON-RPC response or notification: If the server accepts the input, the server MUST return HTTP status code 202 Accepted with no body.',
    ],
    [
      'send-6',
      'MUST',
      'If the server cannot accept the input, it MUST return an HTTP error status code (e.g., 400 Bad Request).',
    ],
    ['send-7', 'MAY', 'The HTTP response body MAY comprise a JSON-RPC error response that has no `id`.', PERMISSION],
    [
      'send-8',
      'MUST',
      'If the input is a JSON-RPC request, the server MUST either return `Content-Type: text/event-stream`, to initiate an SSE stream, or `Content-Type: application/json`, to return one JSON object.',
    ],
    ['send-9', 'MUST', 'The client MUST support both these cases.', REQUESTOR],
    [
      'send-10',
      'SHOULD',
      'The server SHOULD immediately send an SSE event consisting of an event ID and an empty `data` field in order to prime the client to reconnect (using that event ID as `Last-Event-ID`).',
    ],
    [
      'send-11',
      'MAY',
      'After the server has sent an SSE event with an event ID to the client, the server MAY close the connection (without terminating the SSE stream) at any time in order to avoid holding a long-lived connection.',
      PERMISSION,
    ],
    ['send-12', 'SHOULD', 'The client SHOULD then "poll" the SSE stream by attempting to reconnect.', REQUESTOR],
    [
      'send-13',
      'SHOULD',
      'If the server does close the connection prior to terminating the SSE stream, it SHOULD send an SSE event with a standard `retry` field before closing the connection.',
    ],
    [
      'send-14',
      'MUST',
      'The client MUST respect the `retry` field, waiting the given number of milliseconds before attempting to reconnect.',
      REQUESTOR,
    ],
    [
      'send-15',
      'SHOULD',
      'The SSE stream SHOULD eventually include a JSON-RPC response for the JSON-RPC request sent in the POST body.',
    ],
    [
      'send-16',
      'MAY',
      'The server MAY send JSON-RPC requests and notifications before sending the JSON-RPC response.',
      PERMISSION,
    ],
    ['send-17', 'SHOULD', 'These messages SHOULD relate to the originating client request.'],
    ['send-18', 'MAY', 'The server MAY terminate the SSE stream if the session expires.', PERMISSION],
    ['send-19', 'SHOULD', 'After the JSON-RPC response has been sent, the server SHOULD terminate the SSE stream.'],
    ['send-20', 'MAY', 'Disconnection MAY occur at any time (e.g., due to network conditions).', PERMISSION],
    [
      'send-21',
      'SHOULD NOT',
      'Disconnection SHOULD NOT be interpreted as the client cancelling its request.',
      { sameAs: 'result-disconnect' },
    ],
    ['send-22', 'SHOULD', 'To cancel, the client SHOULD explicitly send an MCP `CancelledNotification`.', REQUESTOR],
    [
      'send-23',
      'MAY',
      'To avoid message loss due to disconnection, the server MAY make the stream resumable.',
      PERMISSION,
    ],
  ]),
  ...section('Listening for Messages from the Server', [
    ['listen-1', 'MAY', 'The client MAY issue an HTTP GET to the MCP endpoint.', REQUESTOR],
    [
      'listen-2',
      'MUST',
      'The client MUST include an `Accept` header, listing `text/event-stream` as a supported content type.',
      REQUESTOR,
    ],
    [
      'listen-3',
      'MUST',
      'The server MUST either return `Content-Type: text/event-stream` in response to this HTTP GET, or else return HTTP 405 Method Not Allowed, indicating that the server does not offer an SSE stream at this endpoint.',
    ],
    ['listen-4', 'MAY', 'The server MAY send JSON-RPC requests and notifications on the stream.', PERMISSION],
    [
      'listen-5',
      'SHOULD',
      'These messages SHOULD be unrelated to any concurrently-running JSON-RPC request from the client.',
      {
        untested:
          'a question may have been sent before the `tasks/result` that it would belong to; streams-2 tests that it is not sent again',
      },
    ],
    [
      'listen-6',
      'MUST NOT',
      'The server MUST NOT send a JSON-RPC response on the stream unless resuming a stream associated with a previous client request.',
    ],
    ['listen-7', 'MAY', 'The server MAY close the SSE stream at any time.', PERMISSION],
    [
      'listen-8',
      'SHOULD',
      'If the server closes the connection without terminating the stream, it SHOULD follow the same polling behavior as described for POST requests: sending a `retry` field and allowing the client to reconnect.',
      {
        untested: 'the server may terminate a GET stream that it closes; send-13 tests the same behavior for POST',
      },
    ],
    ['listen-9', 'MAY', 'The client MAY close the SSE stream at any time.', REQUESTOR],
  ]),
  ...section('Multiple Connections', [
    ['streams-1', 'MAY', 'The client MAY remain connected to multiple SSE streams simultaneously.', REQUESTOR],
    [
      'streams-2',
      'MUST',
      'The server MUST send each of its JSON-RPC messages on only one of the connected streams; that is, it MUST NOT broadcast the same message across multiple streams.',
    ],
    ['streams-3', 'MAY', 'The risk of message loss MAY be mitigated by making the stream resumable.', PERMISSION],
  ]),
  ...section('Resumability and Redelivery', [
    [
      'resume-1',
      'MAY',
      'Servers MAY attach an `id` field to their SSE events, as described in the SSE standard.',
      PERMISSION,
    ],
    [
      'resume-2',
      'MUST',
      'If present, the ID MUST be globally unique across all streams within that session—or all streams with that specific client, if session management is not in use.',
    ],
    [
      'resume-3',
      'SHOULD',
      'Event IDs SHOULD encode sufficient information to identify the originating stream, enabling the server to correlate a `Last-Event-ID` to the correct stream.',
      { untested: 'event IDs are opaque to clients; resume-6 tests their effect' },
    ],
    [
      'resume-4',
      'SHOULD',
      'If the client wishes to resume after a disconnection (whether due to network failure or server-initiated closure), it SHOULD issue an HTTP GET to the MCP endpoint, and include the `Last-Event-ID` header to indicate the last event ID it received.',
      REQUESTOR,
    ],
    [
      'resume-5',
      'MAY',
      'The server MAY use this header to replay messages that would have been sent after the last event ID, on the stream that was disconnected, and to resume the stream from that point.',
      PERMISSION,
    ],
    [
      'resume-6',
      'MUST NOT',
      'The server MUST NOT replay messages that would have been delivered on a different stream.',
    ],
  ]),
  ...section('Session Management', [
    [
      'session-1',
      'MAY',
      'A server using the Streamable HTTP transport MAY assign a session ID at initialization time, by including it in an `MCP-Session-Id` header on the HTTP response containing the `InitializeResult`.',
      PERMISSION,
    ],
    [
      'session-2',
      'SHOULD',
      'The session ID SHOULD be globally unique and cryptographically secure (e.g., a securely generated UUID, a JWT, or a cryptographic hash).',
    ],
    ['session-3', 'MUST', 'The session ID MUST only contain visible ASCII characters (ranging from 0x21 to 0x7E).'],
    [
      'session-4',
      'MUST',
      'The client MUST handle the session ID in a secure manner, see Session Hijacking mitigations for more details.',
      REQUESTOR,
    ],
    [
      'session-5',
      'MUST',
      'If an `MCP-Session-Id` is returned by the server during initialization, clients using the Streamable HTTP transport MUST include it in the `MCP-Session-Id` header on all of their subsequent HTTP requests.',
      REQUESTOR,
    ],
    [
      'session-6',
      'SHOULD',
      'Servers that require a session ID SHOULD respond to requests without an `MCP-Session-Id` header (other than initialization) with HTTP 400 Bad Request.',
    ],
    [
      'session-7',
      'MUST',
      'The server MAY terminate the session at any time, after which it MUST respond to requests containing that session ID with HTTP 404 Not Found.',
    ],
    [
      'session-8',
      'MUST',
      'When a client receives HTTP 404 in response to a request containing an `MCP-Session-Id`, it MUST start a new session by sending a new `InitializeRequest` without a session ID attached.',
      REQUESTOR,
    ],
    [
      'session-9',
      'SHOULD',
      'Clients that no longer need a particular session (e.g., because the user is leaving the client application) SHOULD send an HTTP DELETE to the MCP endpoint with the `MCP-Session-Id` header, to explicitly terminate the session.',
      REQUESTOR,
    ],
    [
      'session-10',
      'MAY',
      'The server MAY respond to this request with HTTP 405 Method Not Allowed, indicating that the server does not allow clients to terminate sessions.',
      PERMISSION,
    ],
  ]),
  ...section('Protocol Version Header', [
    [
      'version-1',
      'MUST',
      'If using HTTP, the client MUST include the `MCP-Protocol-Version: <protocol-version>` HTTP header on all subsequent requests to the MCP server, allowing the MCP server to respond based on the MCP protocol version.',
      REQUESTOR,
    ],
    [
      'version-2',
      'SHOULD',
      'The protocol version sent by the client SHOULD be the one negotiated during initialization.',
      REQUESTOR,
    ],
    [
      'version-3',
      'SHOULD',
      'For backwards compatibility, if the server does not receive an `MCP-Protocol-Version` header, and has no other way to identify the version - for example, by relying on the protocol version negotiated during initialization - the server SHOULD assume protocol version `2025-03-26`.',
    ],
    [
      'version-4',
      'MUST',
      'If the server receives a request with an invalid or unsupported `MCP-Protocol-Version`, it MUST respond with `400 Bad Request`.',
    ],
  ]),
  ...section('Custom Transports', [
    [
      'custom-1',
      'MAY',
      'Clients and servers MAY implement additional custom transport mechanisms to suit their specific needs.',
      PERMISSION,
    ],
    [
      'custom-2',
      'MUST',
      'Implementers who choose to support custom transports MUST ensure they preserve the JSON-RPC message format and lifecycle requirements defined by MCP.',
      { untested: 'concerns other transports' },
    ],
    [
      'custom-3',
      'SHOULD',
      'Custom transports SHOULD document their specific connection establishment and message exchange patterns to aid interoperability.',
      { untested: 'concerns other transports' },
    ],
  ]),
];
