/** The context that each test receives. @module */
import { Session, type ConnectOptions } from '../wire/session.js';
import { skip } from './verdict.js';

export interface Target {
  readonly url: URL;
  /** An access token, if the server requires authorization. */
  readonly token?: string | undefined;
  /** An access token of another requestor. */
  readonly otherToken?: string | undefined;
}

export type Test = (t: Context) => Promise<void>;

export class Context {
  readonly #sessions: Session[] = [];

  constructor(readonly target: Target) {}

  /** Opens a new session, with the target's token unless `options` say otherwise. */
  async connect(options: ConnectOptions = {}): Promise<Session> {
    const session = await Session.connect(this.target.url, { token: this.target.token, ...options });
    this.#sessions.push(session);
    return session;
  }

  /** Opens sessions in two different authorization contexts. Skips the test if the target lacks the tokens. */
  async connectBoth(): Promise<{ mine: Session; theirs: Session }> {
    const { token, otherToken } = this.target;
    if (token === undefined || otherToken === undefined)
      skip('needs two authorization contexts: pass --token and --other-token');
    return { mine: await this.connect(), theirs: await this.connect({ token: otherToken }) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sessions.map(async (session) => await session.close()));
  }
}
