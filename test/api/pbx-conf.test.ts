import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requestSigner } from '../../src/crypto/request-signer.ts';
import { readSignature, signatureHeaders } from '../../src/domain/request-signature.ts';
import { secretTokens } from '../../src/crypto/tokens.ts';
import { createAccountToken } from '../../src/use-cases/create-account-token.ts';
import { accountId, lookup, orgId, pbx } from '../support/fakes/lookups.ts';
import { createTestPhoneApi, packageSecret, type TestPhoneApi } from '../support/phone-api.ts';

const dataId = 'DDDDDD-DDDDDD-DDDDDD';
const ivrId = 'EEEEEE-EEEEEE-EEEEEE';
const url = `/api/PBXConf/${pbx.id}${orgId}`;

let api: TestPhoneApi;
let token: string;
beforeEach(async () => {
  api = await createTestPhoneApi();
  ({ secret: token } = await createAccountToken(
    { accountTokens: api.accountTokens, tokens: secretTokens, clock: { now: () => Date.now() } },
    { accountId, name: 'package', lifeDays: undefined },
  ));
  api.lookups.byId.set(dataId, { ...lookup, id: dataId, kind: 'data' });
  api.lookups.byId.set(ivrId, { ...lookup, id: ivrId, kind: 'ivr' });
});
afterEach(() => api.close());

const put = (payload: object, headers: Record<string, string> = { authorization: `Bearer ${token}` }, path = url) =>
  api.app.inject({ method: 'PUT', url: path, headers, payload });
const get = (headers: Record<string, string> = { authorization: `Bearer ${token}` }, path = url) =>
  api.app.inject({ url: path, headers });

describe('PBXConf', () => {
  it('registers the default lookups of each kind, and lists them', async () => {
    const changed = await put({ DataLookupId: dataId, IVRLookupId: ivrId.toLowerCase() });
    expect(changed.statusCode).toBe(200);
    const expected = {
      PBXId: pbx.id,
      ExtensionLookupId: lookup.id,
      DataLookupId: dataId,
      IVRLookupId: ivrId,
    };
    expect(changed.json()).toEqual(expected);
    for (const path of [`${url}/`, `/acd${url}`]) expect((await get(undefined, path)).json()).toEqual(expected);
    expect(api.audited).toEqual([
      { accountId, actor: 'account', action: 'pbx.changed', subject: pbx.id, detail: { by: 'PBXConf' } },
    ]);
    expect((await put({ DataLookupId: '' })).json()).toMatchObject({ DataLookupId: null, IVRLookupId: ivrId });
  });

  it.each([
    ['an unknown lookup', { DataLookupId: 'AAAAAA-AAAAAA-AAAAAA' }, 404],
    ['a lookup of another kind', { DataLookupId: ivrId }, 409],
    ['no extension lookup at all', { ExtensionLookupId: '' }, 400],
    ['something that is no id', { DataLookupId: 'x'.repeat(50) }, 400],
  ])('refuses %s', async (_, payload, status) => {
    expect((await put(payload)).statusCode).toBe(status);
    expect((await get()).json()).toMatchObject({ ExtensionLookupId: lookup.id, DataLookupId: null });
  });

  it('says in words that an extension lookup cannot be taken away', async () => {
    expect((await put({ ExtensionLookupId: '' })).json()).toMatchObject({
      code: 'REQUEST_INVALID',
      detail: 'The parameter extensionlookupid is not valid: it must not be empty.',
    });
  });

  it.each([
    ['JSON of another form', 'application/json', '{"ExtensionLookupId":{}}', 400],
    ['JSON that ends early', 'application/json', '{"Ext', 400],
    ['an empty body', 'application/json', '', 400],
    ['XML', 'application/xml', '<a/>', 415],
  ])('says nothing about %s before it knows who asks', async (_, type, payload, status) => {
    const send = (headers: Record<string, string>) =>
      api.app.inject({ method: 'PUT', url, headers: { ...headers, 'content-type': type }, payload });
    expect((await send({})).json()).toMatchObject({ status: 401, code: 'ACCOUNT_TOKEN_INVALID' });
    expect((await send({ 'x-trunkline-signature': 'v1=00' })).json()).toMatchObject({ status: 401 });
    expect((await send({ authorization: `Bearer ${token}` })).json()).toMatchObject({
      status,
      code: 'REQUEST_INVALID',
    });
    expect((await api.app.inject({ method: 'PUT', url: '/api/PBXConf/x' })).statusCode).toBe(401);
  });

  it('reads a form like JSON', async () => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await api.app.inject({ method: 'PUT', url, headers, payload: `DATALOOKUPID=${dataId}` });
    expect(answer.json()).toMatchObject({ DataLookupId: dataId });
  });

  it('is for account tokens, not for phone systems, and only for the account’s own', async () => {
    expect((await get({})).statusCode).toBe(401);
    expect((await get({ authorization: `Bearer ${await api.newToken()}` })).statusCode).toBe(401);
    for (const path of [
      `/api/PBXConf/AAAAAA-AAAAAA-AAAAAA${orgId}`,
      `/api/PBXConf/${pbx.id}00DB0000000CaT5MAK`,
      '/api/PBXConf/x',
    ]) {
      expect((await get(undefined, path)).statusCode, path).toBe(404);
    }
  });

  it('takes the signature of the Salesforce package over exactly what was sent, once', async () => {
    const body = JSON.stringify({ DataLookupId: dataId });
    const signed = (path: string, text: string) =>
      requestSigner.sign({ method: 'PUT', path, body: text }, packageSecret, {
        nowMs: Date.now(),
        nonce: randomUUID(),
      });
    const send = (headers: Readonly<Record<string, string>>, payload = body) =>
      api.app.inject({ method: 'PUT', url, headers: { ...headers, 'content-type': 'application/json' }, payload });
    const headers = signed(url, body);
    const answer = await send(headers);
    expect(answer.json()).toMatchObject({ DataLookupId: dataId });
    // Trunkline signs what it answers, for this request alone.
    const reading = readSignature(answer.headers as Record<string, string>);
    if (reading.kind !== 'signed') throw new Error(`the answer is ${reading.kind}`);
    expect(reading.signature.nonce).toBe(headers[signatureHeaders.nonce]);
    const said = { method: 'PUT', path: url, body: answer.body };
    expect(requestSigner.isSignedWith(said, reading.signature, packageSecret)).toBe(true);
    expect((await get()).headers).not.toHaveProperty(signatureHeaders.signature);
    expect(api.audited.at(-1)).toMatchObject({ actor: 'salesforce-user' });
    expect((await send(headers)).json()).toMatchObject({ status: 401, code: 'PACKAGE_SIGNATURE_INVALID' });
    expect((await send(signed(url, body), JSON.stringify({ DataLookupId: '' }))).statusCode).toBe(401);
    expect((await send(signed(`${url}/`, body))).statusCode).toBe(401);
  });

  it.each([orgId, orgId.toLowerCase(), orgId.slice(0, 15), orgId.slice(0, 15).toUpperCase()])(
    'takes the signature of the Salesforce package for the org %s as the URL writes it',
    async (org) => {
      const path = `/acd/api/PBXConf/${pbx.id.toLowerCase()}${org}/`;
      const moment = { nowMs: Date.now(), nonce: randomUUID() };
      const answer = await get(requestSigner.sign({ method: 'GET', path, body: '' }, packageSecret, moment), path);
      expect([answer.statusCode, answer.headers]).toMatchObject([
        200,
        { [signatureHeaders.signature]: expect.any(String) as unknown },
      ]);
    },
  );

  it('says what may be asked of it', async () => {
    const options = await api.app.inject({ method: 'OPTIONS', url });
    expect([options.statusCode, options.headers.allow]).toEqual([204, 'GET, HEAD, PUT, OPTIONS']);
    expect((await api.app.inject({ method: 'POST', url, payload: {} })).statusCode).toBe(405);
  });
});
