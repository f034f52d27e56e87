// Finds the code blocks of a Markdown page, and what the page says about checking them. Pure.

/**
 * A code block. An HTML comment before it may say how to check it:
 *
 *   <!-- snippet: given tools, client -->       the page does not declare these names; their types are in compile.mjs
 *   <!-- snippet: part of a tool -->            YAML that belongs in an entry of `tools`
 *   <!-- snippet: skip: needs two machines -->  cannot be checked, and why
 *
 * @typedef {{ page: string, line: number, language: string, text: string, name?: string, directive?: string }} Snippet
 */

const FENCE = /^(\s*)```(\w*)\s*$/;
const DIRECTIVE = /^\s*<!-- snippet: (.+?) -->\s*$/;
/** The file's name: a comment in the first line. */
const NAME = /^(?:\/\/|#) ([\w.-]+\.[a-z]+)$/;

/**
 * @param {string} page the page's path, for messages
 * @param {string} markdown
 * @returns {Snippet[]}
 */
export function snippetsOf(page, markdown) {
  const lines = markdown.split('\n');
  const found = [];
  for (let i = 0; i < lines.length; i++) {
    const [, indent, language] = FENCE.exec(lines[i]) ?? [];
    if (indent === undefined) continue;
    const end = lines.indexOf(`${indent}\`\`\``, i + 1);
    if (end < 0) throw new Error(`${page}:${i + 1}: this code block is not closed`);
    const text = lines.slice(i + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const before = lines.slice(0, i).findLast((line) => line.trim() !== '') ?? '';
    found.push({
      page,
      line: i + 1,
      language,
      text: `${text.join('\n')}\n`,
      name: NAME.exec(text[0] ?? '')?.[1],
      directive: DIRECTIVE.exec(before)?.[1],
    });
    i = end;
  }
  return found;
}

/**
 * Returns the code in running text, outside of blocks.
 * @param {string} page
 * @param {string} markdown
 * @returns {{ page: string, line: number, text: string }[]}
 */
export function inlineCodeOf(page, markdown) {
  let inBlock = false;
  return markdown.split('\n').flatMap((line, i) => {
    if (/^\s*```/.test(line)) inBlock = !inBlock;
    if (inBlock) return [];
    return [...line.matchAll(/`([^`]+)`/g)].map(([, text]) => ({
      page,
      line: i + 1,
      text: text.replaceAll('\\|', '|'),
    }));
  });
}
