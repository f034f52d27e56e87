/** Placeholders in command lines: `{name}` stands for an argument, `{{name}}` for a literal `{name}`. Pure. @module */

const PLACEHOLDER = /\{\{([A-Za-z_][\w-]*)\}\}|\{([A-Za-z_][\w-]*)\}/g;

/** Returns the names that a text refers to, without duplicates. */
export function placeholdersIn(text: string): string[] {
  return [...new Set([...text.matchAll(PLACEHOLDER)].flatMap(([, , name]) => name ?? []))];
}

/** Returns the name if the text is only a placeholder. */
export function solePlaceholder(text: string): string | undefined {
  const [name] = placeholdersIn(text);
  return name !== undefined && text === `{${name}}` ? name : undefined;
}

/** Fills in a text. `valueOf` is called once per placeholder. */
export function fillPlaceholders(text: string, valueOf: (name: string) => string): string {
  return text.replaceAll(PLACEHOLDER, (_, literal: string | undefined, name: string) =>
    literal === undefined ? valueOf(name) : `{${literal}}`,
  );
}
