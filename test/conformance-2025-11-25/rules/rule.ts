/** What a rule of the specification is here. @module */

export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'MAY' | 'statement';

export interface Rule {
  readonly id: string;
  readonly level: Level;
  /** The heading under which the sentence stands. */
  readonly section: string;
  /** The specification's own words. */
  readonly sentence: string;
  /** The specification says the same twice: the rule whose test tests this one as well. */
  readonly sameAs?: string;
  /** Why no test of a server can tell. */
  readonly untested?: string;
}

export type Entry = readonly [id: string, level: Level, sentence: string, more?: Pick<Rule, 'sameAs' | 'untested'>];

export function section(name: string, entries: readonly Entry[]): Rule[] {
  return entries.map(([id, level, sentence, more = {}]) => ({ id, level, section: name, sentence, ...more }));
}

export const REQUESTOR = { untested: 'binds the requestor, not the server' } as const;
export const STDIO = { untested: 'concerns stdio; the suite speaks Streamable HTTP' } as const;
export const PERMISSION = { untested: 'permits, and promises nothing that could be missed' } as const;
export const OPERATION = { untested: 'about documents, logs and operation, which a client does not see' } as const;
