/** A server's durable tools, which can be replaced while it serves, with their fallback and listed schemas. @module */
import { McpTasksError } from '../../task/errors.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import type { DurableTool } from '../../tool/define-tool.js';
import { fallbackOf, type Fallback } from './fallback.js';
import { listedOutputs, type ListedOutput } from './listed-output.js';

export interface FallbackChoice {
  /** The fallback of tools that do not set one. */
  readonly kind: 'await' | 'handle';
  /** See {@link Fallback.budget}; in milliseconds. */
  readonly budget: number;
}

type Tools = ReadonlyMap<string, DurableTool>;
/** By protocol version, then by tool name. */
type Outputs = ReadonlyMap<ProtocolVersion, ReadonlyMap<string, ListedOutput>>;

export class ToolSet implements Pick<Tools, 'get' | 'has' | 'keys' | 'values' | 'size'> {
  #now: { readonly tools: Tools; readonly fallback: Fallback; readonly outputs: Outputs };
  readonly #listeners = new Set<() => void>();

  /** @throws McpTasksError `CONFIGURATION` if the tools conflict or one cannot be listed */
  constructor(
    tools: readonly DurableTool[],
    private readonly choice: FallbackChoice,
    private readonly versions: readonly ProtocolVersion[],
  ) {
    this.#now = this.#from(tools);
  }

  get size(): number {
    return this.#now.tools.size;
  }

  get fallback(): Fallback {
    return this.#now.fallback;
  }

  /** The listed output schemas by tool name. A tool without an output schema has no entry. */
  outputs(version: ProtocolVersion): ReadonlyMap<string, ListedOutput> {
    return this.#now.outputs.get(version) ?? new Map<string, ListedOutput>();
  }

  get(name: string): DurableTool | undefined {
    return this.#now.tools.get(name);
  }

  has(name: string): boolean {
    return this.#now.tools.has(name);
  }

  keys(): MapIterator<string> {
    return this.#now.tools.keys();
  }

  values(): MapIterator<DurableTool> {
    return this.#now.tools.values();
  }

  /**
   * Directs all further calls to these tools. Tasks of the previous tools continue.
   * @throws McpTasksError `CONFIGURATION` if the tools conflict or one cannot be listed; the previous tools then stay
   */
  replace(tools: readonly DurableTool[]): void {
    this.#now = this.#from(tools);
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` after each {@link replace}, until the returned function is called. */
  changed(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #from(list: readonly DurableTool[]) {
    const tools = byName(list);
    const fallback = fallbackOf(tools, this.choice.kind, this.choice.budget);
    return {
      tools,
      fallback,
      outputs: new Map(this.versions.map((version) => [version, listedOutputs(tools, fallback, version)])),
    };
  }
}

function byName(tools: readonly DurableTool[]): Tools {
  const map = new Map<string, DurableTool>();
  for (const tool of tools) {
    if (map.has(tool.name)) throw new McpTasksError('CONFIGURATION', `two tools are named "${tool.name}"`);
    map.set(tool.name, tool);
  }
  return map;
}
