export { alertWorkflow } from './alert.ts';
export { authorizationWorkflow } from './authorization.ts';
export { connectionWorkflow } from './connection.ts';
export { lookupWorkflow } from './lookup.ts';
export { lookupCheckWorkflow } from './lookup-check.ts';
export { retentionWorkflow } from './retention.ts';
export { warmUpWorkflow } from './warm-up.ts';
