/** A case: what to send, and to which server. @module */
import fc from 'fast-check';
import { live, liveOf } from './markers.js';
import { message, type Message, type Version } from './messages.js';
import { text } from './values.js';

/** An HTTP request. */
export interface Exchange {
  readonly kind: 'request';
  readonly verb: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whose token to send: a user's, none, or a string that is not a token. */
  readonly by: 'ann' | 'none' | 'forged';
  /** What the client does: it reads the answer, hangs up soon, or never reads. */
  readonly afterwards: 'read' | 'hang-up' | 'never-read';
}

/** Bytes on a connection of their own, or on the standard input. */
export interface Bytes {
  readonly kind: 'bytes';
  /** One character for each byte. */
  readonly text: string;
  /** What follows: the end of the client's side, silence, or a reset. */
  readonly afterwards: 'end' | 'silence' | 'reset';
}

/** Several requests at once about one new task, of which some cancel it. */
export interface Race {
  readonly kind: 'race';
  readonly tool: 'echo' | 'ask' | 'wait';
  readonly version: Version;
  readonly steps: readonly ('get' | 'cancel' | 'list' | 'result' | 'hang-up')[];
}

/** A line of the standard input. */
export interface Line {
  readonly kind: 'line';
  readonly line: string;
}

export type Attempt = Exchange | Bytes | Race | Line;
export type Target = 'http-v1' | 'http-v2' | 'stdio-v1' | 'stdio-v2';
export interface Case {
  readonly target: Target;
  readonly attempt: Attempt;
}

const versionOf = (target: Target): fc.Arbitrary<Version> =>
  target.endsWith('v1') ? fc.constant('2025-11-25') : fc.constantFrom<Version>('2025-11-25', '2026-07-28');

const headerValue = fc.oneof(
  text,
  live,
  fc.constantFrom('2025-11-25', '2026-07-28', '1999-01-01', 'application/json', '*/*'),
);
const headerName = fc.constantFrom(
  'mcp-protocol-version',
  'mcp-session-id',
  'mcp-method',
  'mcp-name',
  'accept',
  'content-type',
  'last-event-id',
  'origin',
  'x-forwarded-host',
  'content-encoding',
);

const exchange = (target: Target): fc.Arbitrary<Exchange> =>
  versionOf(target).chain((version) =>
    fc
      .record({
        sent: message(version),
        verb: fc.oneof(
          { weight: 20, arbitrary: fc.constant('POST') },
          { weight: 1, arbitrary: fc.constantFrom('GET', 'DELETE', 'PUT', 'OPTIONS', 'HEAD', 'PATCH') },
        ),
        session: fc.oneof(
          { weight: 4, arbitrary: fc.constant(undefined) },
          { weight: 4, arbitrary: fc.constant(liveOf('session')) },
          { weight: 1, arbitrary: live },
        ),
        by: fc.oneof(
          { weight: 20, arbitrary: fc.constant('ann' as const) },
          { weight: 1, arbitrary: fc.constantFrom('none' as const, 'forged' as const) },
        ),
        odd: fc.oneof(
          { weight: 5, arbitrary: fc.constant({}) },
          { weight: 1, arbitrary: fc.dictionary(headerName, headerValue, { maxKeys: 3 }) },
        ),
        afterwards: fc.oneof(
          { weight: 30, arbitrary: fc.constant('read' as const) },
          { weight: 1, arbitrary: fc.constantFrom('hang-up' as const, 'never-read' as const) },
        ),
      })
      .map(({ sent, session, odd, ...rest }) => ({
        kind: 'request' as const,
        ...rest,
        headers: { ...headersOf(version, sent, session), ...odd },
        body: sent.json,
      })),
  );

function headersOf(version: Version, { method, name }: Message, session: string | undefined): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': version,
    ...(version === '2026-07-28' && method !== undefined ? { 'mcp-method': method } : {}),
    ...(version === '2026-07-28' && name !== undefined ? { 'mcp-name': name } : {}),
    ...(version === '2025-11-25' && session !== undefined ? { 'mcp-session-id': session } : {}),
  };
}

const byte = fc.nat(255).map((code) => String.fromCharCode(code));
const HEAD = 'POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\n';
/** Input that is not HTTP, is almost HTTP, or never ends. */
const httpBytes: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: byte, maxLength: 200 }),
  fc.string({ unit: byte, maxLength: 50 }).map((junk) => `${HEAD}x: ${junk}\r\n\r\n`),
  fc.nat(100).map((length) => `${HEAD}content-type: application/json\r\ncontent-length: ${length}\r\n\r\n{"jsonrpc"`),
  fc.constantFrom(
    HEAD,
    `${HEAD}content-length: -1\r\n\r\n`,
    `${HEAD}content-length: 99999999999\r\n\r\n{`,
    `${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
    `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${HEAD}transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n`,
    `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`,
    `${HEAD}expect: 100-continue\r\ncontent-length: 10\r\n\r\n`,
    `${HEAD}connection: upgrade\r\nupgrade: h2c\r\n\r\n`,
    `${HEAD}${'a: b\r\n'.repeat(3_000)}\r\n`,
    `GET /${'a'.repeat(70_000)} HTTP/1.1\r\n\r\n`,
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET http://evil.example/mcp HTTP/1.1\r\nhost: evil.example\r\n\r\n',
    'POST /mcp HTTP/1.1\r\n\r\n',
    '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
  ),
);

const bytes = (of: fc.Arbitrary<string>): fc.Arbitrary<Bytes> =>
  fc.record({ kind: fc.constant('bytes'), text: of, afterwards: fc.constantFrom('end', 'silence', 'reset') });

const race = (target: Target): fc.Arbitrary<Race> =>
  fc.record({
    kind: fc.constant('race'),
    tool: fc.constantFrom('echo', 'ask', 'wait'),
    version: versionOf(target),
    steps: fc.array(fc.constantFrom('get', 'cancel', 'cancel', 'list', 'result', 'hang-up'), {
      minLength: 2,
      maxLength: 6,
    }),
  });

const line = (target: Target): fc.Arbitrary<Line> =>
  fc
    .oneof(
      { weight: 12, arbitrary: versionOf(target).chain((version) => message(version).map(({ json }) => json)) },
      { weight: 2, arbitrary: fc.string({ unit: byte, maxLength: 200 }) },
      { weight: 1, arbitrary: fc.constantFrom('', ' ', '\r', '{', '[]', 'null', 'undefined', '\0', '\uFEFF{}') },
    )
    .map((each) => ({ kind: 'line', line: each.replaceAll('\n', ' ') }));

/** The cases of a run. */
export const anyCase: fc.Arbitrary<Case> = fc
  .oneof(
    { weight: 45, arbitrary: fc.constant<Target>('http-v2') },
    { weight: 30, arbitrary: fc.constant<Target>('http-v1') },
    { weight: 15, arbitrary: fc.constant<Target>('stdio-v2') },
    { weight: 10, arbitrary: fc.constant<Target>('stdio-v1') },
  )
  .chain((target) => {
    const attempt: fc.Arbitrary<Attempt> = target.startsWith('stdio')
      ? line(target)
      : fc.oneof(
          { weight: 40, arbitrary: exchange(target) },
          { weight: 3, arbitrary: bytes(httpBytes) },
          { weight: 2, arbitrary: race(target) },
        );
    return attempt.map((each) => ({ target, attempt: each }));
  });
