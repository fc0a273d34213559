export { lookupWorkflow } from './lookup.ts';
