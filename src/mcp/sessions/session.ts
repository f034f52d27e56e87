/**
 * Sessions of 2025-11-25 without affinity. The signed session ID itself carries what a server process needs to know
 * about the client, so any process can serve any session, and a restart loses none.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Keyring } from '../../task/keyring.js';
import { answerable } from '../../protocol/stream.js';

/** How long a session ID is accepted, in milliseconds. After that the client has to initialize a new session. */
const LIFETIME = 30 * 24 * 60 * 60_000;

const Session = z.object({
  /** 128 random bits. */
  id: z.string(),
  /** The protocol version that the client requested. */
  version: z.string(),
  answers: z.array(z.enum(['elicitation.form', 'elicitation.url', 'sampling'])),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
});
export type Session = z.infer<typeof Session>;

const Initialize = z.looseObject({
  method: z.literal('initialize'),
  params: z.looseObject({ protocolVersion: z.string().max(30), capabilities: z.looseObject({}).default({}) }),
});

/** Returns the session that an `initialize` request starts, or `undefined` for any other message. */
export function newSession(message: unknown): Session | undefined {
  const parsed = Initialize.safeParse(message);
  if (!parsed.success) return undefined;
  const { protocolVersion, capabilities } = parsed.data.params;
  return {
    id: randomBytes(16).toString('base64url'),
    version: protocolVersion,
    answers: answerable(capabilities),
    createdAt: Date.now(),
  };
}

/** Returns the `Mcp-Session-Id` of a session. It is only valid for this owner. */
export function sealSession(keys: Keyring, owner: string, session: Session): string {
  const body = Buffer.from(JSON.stringify(session)).toString('base64url');
  return `${body}.${keys.sign('session', `${owner}\0${body}`)}`;
}

/** Returns the session, or `undefined` if it has expired or no server with this key started it for this owner. */
export function openSession(keys: Keyring, owner: string, text: string): Session | undefined {
  const [body = '', signed = '', more] = text.split('.');
  if (more !== undefined || !keys.verify('session', `${owner}\0${body}`, signed)) return undefined;
  const session = Session.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
  return Date.now() < session.createdAt + LIFETIME ? session : undefined;
}
