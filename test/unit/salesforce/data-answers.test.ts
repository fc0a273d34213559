import { describe, expect, it } from 'vitest';
import { classifyDataAnswer, classifyTransportTrouble } from '../../../src/domain/data-answers.ts';

describe('classifyDataAnswer', () => {
  // One row for each of the data API's answers that a lookup can meet.
  it.each([
    [401, 'INVALID_SESSION_ID', 'Session expired or invalid', 'token', 'session-refused', false],
    [
      401,
      'INVALID_SESSION_ID',
      'This session is not valid for use with the REST API',
      'token',
      'session-refused',
      false,
    ],
    [401, 'INVALID_SESSION_ID', 'Connected app is not attached to Agent', 'token', 'session-refused', false],
    [401, 'INVALID_AUTH_HEADER', 'INVALID_HEADER_TYPE', 'token', 'session-refused', false],
    [400, 'MALFORMED_QUERY', "unexpected token: 'FORM'", 'failure', 'request-refused', false],
    [400, 'INVALID_FIELD', "No such column 'Foo' on entity 'Account'", 'failure', 'request-refused', false],
    [400, 'INVALID_TYPE', "sObject type 'Nope__c' is not supported", 'failure', 'request-refused', false],
    [400, 'INVALID_SEARCH', 'search term must be longer than one character', 'failure', 'request-refused', false],
    [400, 'MALFORMED_SEARCH', 'No search term found.', 'failure', 'request-refused', false],
    [400, 'INVALID_QUERY_FILTER_OPERATOR', '', 'failure', 'request-refused', false],
    [400, 'QUERY_TOO_COMPLICATED', '', 'failure', 'request-refused', false],
    [400, 'QUERY_TIMEOUT', 'Your query request was running for too long.', 'failure', 'salesforce-slow', false],
    [400, 'UNABLE_TO_LOCK_ROW', 'unable to obtain exclusive access', 'failure', 'salesforce-error', true],
    [403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.', 'failure', 'api-limit-reached', false],
    [
      403,
      'REQUEST_LIMIT_EXCEEDED',
      'ConcurrentRequests (Concurrent API Requests) Limit exceeded.',
      'failure',
      'api-limit-reached',
      true,
    ],
    [403, 'API_DISABLED_FOR_ORG', 'The REST API is not enabled', 'failure', 'api-disabled', false],
    [403, 'API_CURRENTLY_DISABLED', '', 'failure', 'api-disabled', false],
    [403, 'INSUFFICIENT_ACCESS', 'insufficient access rights', 'failure', 'salesforce-error', false],
    [404, 'NOT_FOUND', 'The requested resource does not exist', 'failure', 'request-refused', false],
    [405, 'METHOD_NOT_ALLOWED', '', 'failure', 'request-refused', false],
    [410, 'UNSUPPORTED_API_VERSION', '', 'failure', 'request-refused', false],
    [414, undefined, '', 'failure', 'request-refused', false],
    [420, undefined, '', 'token', 'org-gone', false],
    [429, undefined, '', 'failure', 'api-limit-reached', true],
    [500, 'UNKNOWN_EXCEPTION', 'An unexpected error occurred.', 'failure', 'salesforce-error', true],
    [502, undefined, '', 'failure', 'salesforce-error', true],
    [503, 'SERVER_UNAVAILABLE', '', 'failure', 'salesforce-error', true],
  ] as const)('reads %i %s "%s" as %s, %s', (status, code, text, kind, cause, retryable) => {
    expect(classifyDataAnswer({ status, code, text })).toEqual({
      kind,
      cause,
      retryable,
      answer: code ?? `HTTP ${status}`,
    });
  });

  it('reads a page of HTML in place of data as maintenance, and one with 404 as a host that is gone', () => {
    expect(classifyDataAnswer({ status: 200, isHtml: true })).toMatchObject({
      cause: 'salesforce-error',
      retryable: true,
      answer: 'HTTP 200, a web page',
    });
    expect(classifyDataAnswer({ status: 503, isHtml: true })).toMatchObject({
      cause: 'salesforce-error',
      retryable: true,
    });
    expect(classifyDataAnswer({ status: 404, isHtml: true })).toMatchObject({ kind: 'token', cause: 'org-gone' });
  });
});

describe('classifyTransportTrouble', () => {
  it.each([
    ['aborted', 'salesforce-slow', false],
    ['cannot-connect', 'salesforce-unreachable', true],
    ['connection-lost', 'salesforce-error', true],
    ['too-large', 'salesforce-error', false],
    ['malformed', 'salesforce-error', true],
  ] as const)('reads %s as %s', (trouble, cause, retryable) => {
    expect(classifyTransportTrouble(trouble)).toEqual({ kind: 'failure', cause, retryable, answer: trouble });
    expect(classifyTransportTrouble(trouble, 'ECONNRESET').answer).toBe('ECONNRESET');
  });
});
