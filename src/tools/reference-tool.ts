/** What a reference tool consists of. @module */
import type { DurableTool } from '../tool/define-tool.js';
import type { ToolsConfig } from './config.js';

export interface ReferenceTool {
  define(config: ToolsConfig): DurableTool;
  /** Returns the activities of the tool's workflow, by activity type; missing if it is a function tool. */
  activities?(config: ToolsConfig): object;
}
