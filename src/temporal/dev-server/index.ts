export { acquireDevServer, type DevServer, type DevServerOptions } from './dev-server.js';
export { findTemporalCli, type FindOptions } from './find-cli.js';
