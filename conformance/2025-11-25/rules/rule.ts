/** The rules of the specification as data. @module */

export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'MAY' | 'statement';

export interface Rule {
  readonly id: string;
  readonly level: Level;
  /** The heading that the sentence appears under. */
  readonly section: string;
  /** The specification's own words. */
  readonly sentence: string;
  /** The ID of the rule whose test covers this one too, because the specification repeats itself. */
  readonly sameAs?: string;
  /** Why no test of a server can check this rule. */
  readonly untested?: string;
}

export type Entry = readonly [id: string, level: Level, sentence: string, more?: Pick<Rule, 'sameAs' | 'untested'>];

export function section(name: string, entries: readonly Entry[]): Rule[] {
  return entries.map(([id, level, sentence, more = {}]) => ({ id, level, section: name, sentence, ...more }));
}

export const REQUESTOR = { untested: 'binds the requestor, not the server' } as const;
export const STDIO = { untested: 'concerns stdio; the suite uses Streamable HTTP' } as const;
export const PERMISSION = { untested: 'only permits something, so nothing can be missing' } as const;
export const OPERATION = { untested: 'about documentation, logs or operation, which a client does not see' } as const;
