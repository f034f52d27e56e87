/** For the test of these rules. @module */
export declare const folders: Readonly<Record<string, readonly string[]>>;
declare const config: import('dependency-cruiser').IConfiguration;
export default config;
