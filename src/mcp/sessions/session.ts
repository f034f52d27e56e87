/**
 * Sessions of 2025-11-25 without affinity: what a server process has to know of a client travels in the session ID itself,
 * signed, so that any process serves any session and a restart loses none.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Keyring } from '../../task/keyring.js';
import { answerable } from '../request/stream.js';

/** How long a session ID is accepted, in milliseconds; then its client has to begin anew. */
const LIFETIME = 30 * 24 * 60 * 60_000;

const Session = z.object({
  /** 128 random bits. */
  id: z.string(),
  /** The protocol version that the client asked for. */
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

/** The session that an `initialize` request begins; `undefined` for any other message. */
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

/** The `Mcp-Session-Id` of a session: good for its owner alone. */
export function sealSession(keys: Keyring, owner: string, session: Session): string {
  const body = Buffer.from(JSON.stringify(session)).toString('base64url');
  return `${body}.${keys.sign('session', `${owner}\0${body}`)}`;
}

/** `undefined` if no server with this key began this session for this owner, or its time is over. */
export function openSession(keys: Keyring, owner: string, text: string): Session | undefined {
  const [body = '', signed = '', more] = text.split('.');
  if (more !== undefined || !keys.verify('session', `${owner}\0${body}`, signed)) return undefined;
  const session = Session.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
  return Date.now() < session.createdAt + LIFETIME ? session : undefined;
}
