/** What a test is given. @module */
import { Session, type ConnectOptions } from '../wire/session.js';
import { skip } from './verdict.js';

export interface Target {
  readonly url: URL;
  /** An access token, where the server has authorization. */
  readonly token?: string | undefined;
  /** The access token of somebody else. */
  readonly otherToken?: string | undefined;
}

export type Test = (t: Context) => Promise<void>;

export class Context {
  readonly #sessions: Session[] = [];

  constructor(readonly target: Target) {}

  /** A new session, with the target's token unless told otherwise. */
  async connect(options: ConnectOptions = {}): Promise<Session> {
    const session = await Session.connect(this.target.url, { token: this.target.token, ...options });
    this.#sessions.push(session);
    return session;
  }

  /** Sessions of two different authorization contexts. */
  async connectBoth(): Promise<{ mine: Session; theirs: Session }> {
    const { token, otherToken } = this.target;
    if (token === undefined || otherToken === undefined)
      skip('no two authorization contexts: give --token and --other-token');
    return { mine: await this.connect(), theirs: await this.connect({ token: otherToken }) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sessions.map(async (session) => await session.close()));
  }
}
