export { acquirePostgres, type Postgres, type PostgresOptions } from './acquire.js';
