import { afterEach, beforeEach, expect, it } from 'vitest';
import { answerReasons } from '../../src/domain/lookup.ts';
import en from '../../web/locales/en.json' with { type: 'json' };
import { presentApi, type ApiDocument } from '../../web/presenters/api-docs.ts';
import { createTestPhoneApi, type TestPhoneApi } from '../support/phone-api.ts';
import { createTestPortal, textOf } from '../support/portal.ts';

let api: TestPhoneApi;
let document: ApiDocument;
beforeEach(async () => {
  api = await createTestPhoneApi();
  document = (await api.app.inject('/api/openapi.json')).json<ApiDocument>();
});
afterEach(() => api.close());

const open = async () =>
  createTestPortal({ phoneApi: async (app) => void app.get('/api/openapi.json', async () => document) });

it('shows every operation, parameter, status, reason and error of the API to everybody', async () => {
  const portal = await open();
  const { statusCode, body } = await portal.newBrowser().get('/api/docs');
  expect(statusCode).toBe(200);
  const text = textOf(body);
  const operations = presentApi(document);
  expect(operations.length).toBeGreaterThanOrEqual(4);
  for (const { method, path, summary, description, fields, responses } of operations) {
    expect(text).toContain(summary);
    expect(text).toContain(description);
    expect(text).toContain(`${method} ${path}`);
    for (const { name } of fields) expect(text).toContain(name);
    for (const { status } of responses) expect(text).toContain(status);
  }
  expect(operations.filter(({ description }) => description !== '').length).toBeGreaterThan(0);
  for (const reason of answerReasons) expect(text).toContain(reason);
  expect(text).toContain('401 PBX_TOKEN_INVALID');
  await portal.app.close();
});

it('has names for every way of access and every place of a parameter', () => {
  const operations = presentApi(document);
  const places = operations.flatMap(({ fields }) => fields.map(({ where }) => where));
  expect(Object.keys(en['api-docs'].schemes)).toEqual(
    expect.arrayContaining([...new Set(operations.flatMap(({ access }) => access))]),
  );
  expect(Object.keys(en['api-docs'].places)).toEqual(expect.arrayContaining([...new Set(places)]));
});
