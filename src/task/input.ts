/** The kinds of input that a task may ask of the client while it runs. @module */
import type { InputRequest } from './report.js';

/** A form to fill in, a URL to visit, or a completion by the client's model. */
export type InputKind = 'elicitation.form' | 'elicitation.url' | 'sampling';

export const INPUT_KINDS: readonly InputKind[] = ['elicitation.form', 'elicitation.url', 'sampling'];

/** Returns the kind of an input request; `undefined` if it is none of them. */
export function kindOf({ method, params }: InputRequest): InputKind | undefined {
  if (method === 'sampling/createMessage') return 'sampling';
  if (method !== 'elicitation/create') return undefined;
  return params['mode'] === 'url' ? 'elicitation.url' : 'elicitation.form';
}

/** Returns the client capabilities that these kinds of input need, as MCP declares them. */
export function capabilitiesFor(kinds: readonly InputKind[]): Record<string, Record<string, object>> {
  const elicitation = {
    ...(kinds.includes('elicitation.form') ? { form: {} } : {}),
    ...(kinds.includes('elicitation.url') ? { url: {} } : {}),
  };
  return {
    ...(Object.keys(elicitation).length > 0 ? { elicitation } : {}),
    ...(kinds.includes('sampling') ? { sampling: {} } : {}),
  };
}

/** Returns the capabilities in `needed` that a client declaring `declared` lacks; `undefined` if it lacks none. */
export function missingCapabilities(
  needed: Record<string, Record<string, object>>,
  declared: Readonly<Record<string, unknown>>,
): Record<string, Record<string, object>> | undefined {
  const missing = Object.entries(needed).flatMap(([name, modes]) => {
    const has = declared[name];
    if (typeof has !== 'object' || has === null) return [[name, modes] as const];
    // An elicitation capability without modes means forms, as it did before modes existed.
    const given = name === 'elicitation' && Object.keys(has).length === 0 ? { form: {} } : has;
    const lacking = Object.entries(modes).filter(([mode]) => !(mode in given));
    return lacking.length > 0 ? [[name, Object.fromEntries(lacking)] as const] : [];
  });
  return missing.length > 0 ? Object.fromEntries(missing) : undefined;
}

/** The field that marks an answer as a substitute for one that this server cannot deliver. */
const REFUSED = 'mcpTaskRefused';

/** Returns the substitute for an answer that cannot be delivered. The workflow asks again and says `why`. */
export function refusedAnswer(why: string): Readonly<Record<string, string>> {
  return { [REFUSED]: why };
}

/** Returns why the client's answer was not delivered; `undefined` if this is the client's answer. */
export function refusedBecause(answer: unknown): string | undefined {
  const why = (answer as Readonly<Record<string, unknown>> | null | undefined)?.[REFUSED];
  return typeof why === 'string' ? why : undefined;
}
