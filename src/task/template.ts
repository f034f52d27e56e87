/** Texts with fields in braces, such as `Load {table}?`. Pure. @module */

const FIELD = /\{([^{}]+)\}/g;

/** Returns the names in braces, without duplicates. */
export function fieldsOf(template: string): string[] {
  return [...new Set([...template.matchAll(FIELD)].map((match) => match[1] as string))];
}

/** Fills in the fields: strings unchanged, anything else as JSON, missing values as empty text. */
export function fillIn(template: string, values: unknown): string {
  const given = typeof values === 'object' && values !== null ? (values as Record<string, unknown>) : {};
  return template.replaceAll(FIELD, (_, name: string) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  });
}
