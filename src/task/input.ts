/** What a task may ask of the client while it runs. @module */
import type { InputRequest } from './report.js';

/** A question by form, a visit to a URL, or a completion by the client's model. */
export type InputKind = 'elicitation.form' | 'elicitation.url' | 'sampling';

export const INPUT_KINDS: readonly InputKind[] = ['elicitation.form', 'elicitation.url', 'sampling'];

/** Which kind of question an MCP request is; `undefined` for one that is none of them. */
export function kindOf({ method, params }: InputRequest): InputKind | undefined {
  if (method === 'sampling/createMessage') return 'sampling';
  if (method !== 'elicitation/create') return undefined;
  return params['mode'] === 'url' ? 'elicitation.url' : 'elicitation.form';
}

/** The client capabilities that these questions need, as MCP declares them. */
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

/** What of `needed` a client that declares `declared` lacks; `undefined` if nothing. */
export function missingCapabilities(
  needed: Record<string, Record<string, object>>,
  declared: Readonly<Record<string, unknown>>,
): Record<string, Record<string, object>> | undefined {
  const missing = Object.entries(needed).flatMap(([name, modes]) => {
    const has = declared[name];
    if (typeof has !== 'object' || has === null) return [[name, modes] as const];
    // An elicitation capability that names no mode means forms, as it did before there were modes.
    const given = name === 'elicitation' && Object.keys(has).length === 0 ? { form: {} } : has;
    const lacking = Object.entries(modes).filter(([mode]) => !(mode in given));
    return lacking.length > 0 ? [[name, Object.fromEntries(lacking)] as const] : [];
  });
  return missing.length > 0 ? Object.fromEntries(missing) : undefined;
}
