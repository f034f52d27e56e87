/** Generates the Markdown reference of a gateway file from its schema. Pure. @module */
import { gatewayJsonSchema } from './config.js';

interface Described {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Described>>;
  readonly required?: readonly string[];
  readonly items?: Described;
  readonly additionalProperties?: Described | boolean;
  readonly anyOf?: readonly Described[];
}

/** Returns nested lists of the fields, each with its description from the schema. */
export function reference(): string {
  return fields(gatewayJsonSchema(), '');
}

function fields({ properties = {}, required = [] }: Described, indent: string): string {
  return Object.entries(properties)
    .map(([name, field]) => {
      const facts = [required.includes(name) ? 'required' : '', field.enum?.join(', ') ?? '']
        .filter(Boolean)
        .join('; ');
      const text = [facts && `(${facts})`, (field.description ?? '').replaceAll('|', '\\|')].filter(Boolean).join(' ');
      return `${indent}- \`${name}\`${text ? ` ${text}` : ''}\n${nested(field)
        .map((inner) => fields(inner, `${indent}  `))
        .join('')}`;
    })
    .join('');
}

/** Returns the schemas in a field that have fields: its own, or that of its items, values by name, or alternatives. */
function nested({ items, additionalProperties, anyOf = [], ...field }: Described): Described[] {
  const more = typeof additionalProperties === 'object' ? [additionalProperties] : [];
  return [field, ...(items ? [items] : []), ...more, ...anyOf].flatMap((inner) => (inner.properties ? [inner] : []));
}
