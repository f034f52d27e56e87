/** Parses YAML, fills in environment variables, and knows the position of each value. @module */
import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type ErrorCode,
  type Node,
  type Pair,
  type Scalar,
} from 'yaml';
import type { Path, Problem } from './problem.js';

/** Matches `${NAME}`, and `$${`, which escapes a literal `${`. */
const VARIABLE = /\$(\$\{)|\$\{([^}]*)\}/g;
/** A variable's name. Anything longer may be a pasted secret, so messages do not quote it. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
/**
 * Keys below which no variables are filled in: those of JSON Schemas, and the environment of programs, which only their
 * worker fills in.
 */
const VERBATIM = new Set<unknown>(['input', 'output', 'schema', 'env']);
/** The maximum number of aliases, as protection against files that expand until memory runs out. */
const MOST_ALIASES = 1_000;

const INDENTATION =
  'wrong indentation: start the keys of a mapping in the same column, indent with spaces, and begin each list entry with "- "';
const QUOTES = 'put text in quotes if it contains ": " or starts with a special character';

/** How to fix a syntax error, by the parser's error code. */
const SYNTAX_HELP: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: INDENTATION,
  BAD_SCALAR_START: 'unquoted text cannot start with this character: put the text in quotes',
  BLOCK_AS_IMPLICIT_KEY: `${INDENTATION}; ${QUOTES}`,
  BLOCK_IN_FLOW: INDENTATION,
  DUPLICATE_KEY: 'duplicate key: remove one of the two',
  MULTILINE_IMPLICIT_KEY: `${INDENTATION}; ${QUOTES}`,
  MULTIPLE_DOCS: 'only one YAML document is allowed: remove the line ---, or split the file',
  NON_STRING_KEY: 'a key must be text: put it in quotes',
  TAB_AS_INDENT: 'tabs cannot indent: use spaces',
  TAG_RESOLVE_FAILED: 'unknown tag (!…): remove it, or put the text in quotes',
};

export class YamlFile {
  readonly #lines = new LineCounter();
  readonly #document: Document;
  readonly #value: unknown;
  readonly problems: Problem[] = [];

  /** @param env the variables that `${NAME}` refers to; without it, nothing is filled in */
  constructor(text: string, env?: NodeJS.ProcessEnv) {
    // Merge keys (<<) are a YAML 1.1 feature, but the main reason why people use anchors.
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, merge: true });
    if (/[\0\uFFFD]/.test(text)) {
      this.problems.push({ line: 1, column: 1, message: 'not UTF-8 text: save the file as UTF-8' });
      return;
    }
    // Warnings count too: the parser only warns of an unknown tag, and would use the value without it.
    for (const [index, { pos, code, message }] of [...this.#document.errors, ...this.#document.warnings].entries()) {
      // After another mistake, this one is only a consequence, often repeated.
      if (index === 0 || code !== 'UNEXPECTED_TOKEN') this.#add(pos[0], syntaxProblem(code, message));
    }
    if (this.problems.length > 0) return;
    this.#findAliases();
    if (env) this.#fillIn(env);
    this.#value = this.#toJson();
  }

  /** The file's content as a JSON value; `undefined` if it has problems. */
  get value(): unknown {
    return this.problems.length > 0 ? undefined : this.#value;
  }

  /** Returns a problem positioned at the value at `path`, or at one of its keys. */
  problem(path: Path, message: string, key?: string): Problem {
    return this.#at(this.#offset(path, key), message);
  }

  /** Returns the offset of a value or of one of its keys; of its nearest existing parent if the value is missing. */
  #offset(path: Path, key: string | undefined): number {
    const node = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    if (!isNode(node)) return path.length === 0 ? 0 : this.#offset(path.slice(0, -1), key);
    const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    const place = isNode(pair?.key) ? pair.key : node;
    return place.range?.[0] ?? 0;
  }

  #fillIn(env: NodeJS.ProcessEnv): void {
    visit(this.#document, {
      Scalar: (at, node, ancestors) => {
        if (at === 'key' || typeof node.value !== 'string' || ancestors.some(isVerbatim)) return;
        node.value = node.value.replaceAll(
          VARIABLE,
          (_match, escaped: string | undefined, name: string) => escaped ?? this.#variable(name, env, node),
        );
      },
    });
  }

  /** Returns the value of an environment variable. If it is not set, reports that and returns an empty text. */
  #variable(name: string, env: NodeJS.ProcessEnv, { range }: Scalar): string {
    // A value read from a file usually ends with a line break that does not belong to it.
    const value = env[name]?.trimEnd();
    if (value !== undefined) return value;
    this.#add(
      range?.[0],
      NAME.test(name)
        ? `the environment variable ${name} is not set: set it, or write $\${ for a literal \${`
        : '${…} must hold the name of an environment variable (letters, digits and _): write $${ for a literal ${',
    );
    return '';
  }

  #findAliases(): void {
    visit(this.#document, {
      Alias: (_, node) => {
        // Do not quote the alias: it may be text that was meant literally, such as a password.
        if (!node.resolve(this.#document))
          this.#add(
            node.range?.[0],
            'this *alias has no anchor: define it earlier as &name, or put text that starts with * in quotes',
          );
      },
    });
  }

  #toJson(): unknown {
    if (this.problems.length > 0) return undefined;
    try {
      const value: unknown = this.#document.toJS({ maxAliasCount: MOST_ALIASES });
      // Throws if the value contains itself.
      JSON.stringify(value);
      return value;
    } catch {
      const alias = this.#firstAlias();
      this.#add(alias, 'too many aliases, or an alias inside its own anchor: write the values out instead');
    }
  }

  #firstAlias(): number | undefined {
    let offset: number | undefined;
    visit(this.#document, {
      Node: (_, node) => {
        if (!isAlias(node)) return;
        offset = node.range?.[0];
        return visit.BREAK;
      },
    });
    return offset;
  }

  /** Adds a problem, one per position: another at the same position is a consequence of the first. */
  #add(offset: number | undefined, message: string): void {
    const problem = this.#at(offset ?? 0, message);
    if (!this.problems.some(({ line, column }) => line === problem.line && column === problem.column))
      this.problems.push(problem);
  }

  #at(offset: number, message: string): Problem {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), message };
  }
}

function isVerbatim(ancestor: Document | Node | Pair): boolean {
  return isPair(ancestor) && isScalar(ancestor.key) && VERBATIM.has(ancestor.key.value);
}

/**
 * Returns what is wrong with the syntax and what to write instead.
 * @param message the parser's message; it may quote part of the file, and so a secret
 */
function syntaxProblem(code: ErrorCode, message: string): string {
  if (message.startsWith('Flow ')) return 'the closing ] or } is missing, or not indented far enough';
  if (message === 'Sequence item without - indicator') return INDENTATION;
  const help = SYNTAX_HELP[code];
  if (help !== undefined) return help;
  const withoutQuote = message.replace(/: .*$/s, '');
  return `invalid YAML: ${withoutQuote}${code === 'UNEXPECTED_TOKEN' ? `; ${QUOTES}` : ''}`;
}
