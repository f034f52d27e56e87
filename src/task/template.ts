/** Texts with fields in braces, `Load {table}?`. Pure. @module */

const FIELD = /\{([^{}]+)\}/g;

/** The names in braces, each once. */
export function fieldsOf(template: string): string[] {
  return [...new Set([...template.matchAll(FIELD)].map((match) => match[1] as string))];
}

/** The text with the fields' values in it: strings as they are, anything else as JSON, what is missing as nothing. */
export function fillIn(template: string, values: unknown): string {
  const given = typeof values === 'object' && values !== null ? (values as Record<string, unknown>) : {};
  return template.replaceAll(FIELD, (_, name: string) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  });
}
