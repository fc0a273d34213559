import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { orgId, pbx } from '../support/fakes/lookups.ts';
import { createTestPhoneApi, type TestPhoneApi } from '../support/phone-api.ts';
import { createTestPortal } from '../support/portal.ts';

let api: TestPhoneApi;
beforeEach(async () => {
  api = await createTestPhoneApi();
});
afterEach(() => api.close());

const linesOf = (portal: { logLines: readonly string[] }) =>
  portal.logLines.map(
    (line) =>
      JSON.parse(line) as {
        msg: string;
        requestId?: string;
        orgId?: string;
        workflowId?: string;
        req?: { url: string };
        res?: unknown;
      },
  );

it('says in the log, under the id that the answer names, which lookup run was answered, why so, for which org and by which execution', async () => {
  const portal = await createTestPortal({ phoneApi: api.plugin });
  const answer = await portal.app.inject({
    url: `/api/ExtNo/${pbx.id}${orgId}?callerid=+4930231250`,
    headers: { authorization: `Bearer ${await api.newToken()}` },
  });
  expect(answer.statusCode).toBe(200);
  const ofRequest = linesOf(portal).filter(({ requestId }) => requestId === answer.headers['x-request-id']);
  expect(ofRequest.map(({ msg }) => msg)).toEqual(['request completed']);
  const runId = String(answer.headers['x-trunkline-run']);
  expect(ofRequest[0]).toMatchObject({ orgId, workflowId: `lookup-${runId}` });
  expect(ofRequest[0]?.req).toEqual({ method: 'GET', url: `/api/ExtNo/${pbx.id}${orgId}?callerid=***` });
  expect(ofRequest[0]?.res).toEqual({ statusCode: 200, runId, reason: 'matched' });
  await portal.app.close();
});

it('says also that a phone system hung up before its answer', async () => {
  const portal = await createTestPortal({ phoneApi: api.plugin });
  const asked = Promise.withResolvers<undefined>();
  api.findRecord = async () => {
    asked.resolve(undefined);
    await sleep(300);
    return { ok: true, finding: { reason: 'no-match', matches: 0 }, apiUsage: undefined };
  };
  const url = await portal.app.listen({ host: '127.0.0.1', port: 0 });
  const caller = new AbortController();
  const headers = { authorization: `Bearer ${await api.newToken()}` };
  const answer = fetch(`${url}/api/ExtNo/${pbx.id}${orgId}?callerid=+4930231250`, { headers, signal: caller.signal });
  await asked.promise;
  caller.abort();
  await expect(answer).rejects.toThrow();
  await expect
    .poll(() =>
      linesOf(portal)
        .filter(({ req }) => req?.url.startsWith('/api'))
        .map(({ msg }) => msg),
    )
    .toEqual(['request abandoned']);
  await portal.app.close();
});

it('says of a page when it is asked for and when it is there', async () => {
  const portal = await createTestPortal({ phoneApi: api.plugin });
  const { headers } = await portal.app.inject({ url: '/sign-in' });
  const ofRequest = linesOf(portal).filter(({ requestId }) => requestId === headers['x-request-id']);
  expect(ofRequest.map(({ msg }) => msg)).toEqual(['incoming request', 'request completed']);
  await portal.app.close();
});
