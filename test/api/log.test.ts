import { afterEach, beforeEach, expect, it } from 'vitest';
import { orgId, pbx } from '../support/fakes/lookups.ts';
import { createTestPhoneApi, type TestPhoneApi } from '../support/phone-api.ts';
import { createTestPortal } from '../support/portal.ts';

let api: TestPhoneApi;
beforeEach(async () => {
  api = await createTestPhoneApi();
});
afterEach(() => api.close());

it('says in the log, under the id that the answer names, which lookup run was answered, why so, for which org and by which execution', async () => {
  const portal = await createTestPortal({ phoneApi: api.plugin });
  const answer = await portal.app.inject({
    url: `/api/ExtNo/${pbx.id}${orgId}?callerid=+4930231250`,
    headers: { authorization: `Bearer ${await api.newToken()}` },
  });
  expect(answer.statusCode).toBe(200);
  const lines = portal.logLines.map(
    (line) =>
      JSON.parse(line) as {
        msg: string;
        requestId?: string;
        orgId?: string;
        workflowId?: string;
        req?: unknown;
        res?: unknown;
      },
  );
  const ofRequest = lines.filter(({ requestId }) => requestId === answer.headers['x-request-id']);
  expect(ofRequest.map(({ msg }) => msg)).toEqual(['request completed']);
  const runId = String(answer.headers['x-trunkline-run']);
  expect(ofRequest[0]).toMatchObject({ orgId, workflowId: `lookup-${runId}` });
  expect(ofRequest[0]?.req).toEqual({ method: 'GET', url: `/api/ExtNo/${pbx.id}${orgId}?callerid=***` });
  expect(ofRequest[0]?.res).toEqual({ statusCode: 200, runId, reason: 'matched' });
  await portal.app.close();
});
