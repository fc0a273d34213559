import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lookup, orgId, pbx } from '../support/fakes/lookups.ts';
import { createTestPhoneApi, type TestPhoneApi } from '../support/phone-api.ts';

const dataLookup = { ...lookup, id: 'DDDDDD-DDDDDD-DDDDDD', kind: 'data' } as const;
const ivrLookup = { ...lookup, id: 'EEEEEE-EEEEEE-EEEEEE', kind: 'ivr' } as const;
const found = {
  reason: 'matched',
  matches: 1,
  fields: { FirstName: 'Marc', Company: 'Müller & Söhne <GmbH>\nUlm' },
  recordId: '003A0000000AbCdIAK',
  object: 'Contact',
} as const;

let api: TestPhoneApi;
let token: string;

beforeEach(async () => {
  api = await createTestPhoneApi();
  token = await api.newToken();
  api.directory.lookups.set(dataLookup.id, dataLookup);
  api.directory.lookups.set(ivrLookup.id, ivrLookup);
  setPbx({ defaultDataLookupId: dataLookup.id });
  api.findRecord = async () => ({ ok: true, finding: found, apiUsage: undefined });
});
afterEach(() => api.close());

function setPbx(changes: Partial<typeof pbx>): void {
  const signingSecret = api.directory.pbxs.get(pbx.id)?.signingSecret ?? randomBytes(32);
  api.directory.pbxs.set(pbx.id, { signingSecret, pbx: { ...pbx, ...changes } });
}

const ask = (question: string, { service = 'DataLookup', prefix = '/api', slash = '/' } = {}) =>
  api.app.inject({
    url: `${prefix}/${service}/${pbx.id}${orgId}${slash}?${question}`,
    headers: { authorization: `Bearer ${token}` },
  });

describe('a data lookup', () => {
  it('is answered with exactly the chosen fields as flat JSON, the reason in the headers', async () => {
    for (const variant of [{}, { prefix: '/acd/api' }, { slash: '' }]) {
      const answer = await ask('callerid=0752543312&format=json', variant);
      expect(answer.statusCode).toBe(200);
      expect(answer.body).toBe(JSON.stringify(found.fields));
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
        'x-trunkline-reason': 'matched',
        'x-trunkline-matches': '1',
      });
    }
  });

  it('gives the first field on the first line of a text', async () => {
    expect((await ask('callerid=0752543312')).body).toBe('Marc\n');
    api.findRecord = async () => ({
      ok: true,
      finding: { ...found, fields: { Company: 'Müller & Söhne\nUlm' } },
      apiUsage: undefined,
    });
    expect((await ask('callerid=0752543313')).body).toBe('Müller & Söhne\n');
  });

  it('comes as XML and as a form, escaped', async () => {
    expect((await ask('callerid=0752543312&format=xml')).body).toBe(
      '<answer><FirstName>Marc</FirstName><Company>Müller &#38; Söhne &#60;GmbH&#62;\nUlm</Company></answer>',
    );
    const form = await ask('callerid=0752543312&format=form');
    expect(Object.fromEntries(new URLSearchParams(form.body))).toEqual(found.fields);
  });

  it('has the reason as members where they are asked for', async () => {
    const answer = await ask('callerid=0752543312&format=json&meta=1');
    expect(answer.json()).toEqual({
      ...found.fields,
      _reason: 'matched',
      _run: answer.headers['x-trunkline-run'],
      _matches: '1',
    });
    expect((await ask('callerid=0752543312&format=json&meta=yes')).statusCode).toBe(400);
  });

  it('is empty on a miss, whatever the fallback extension, or 404 where the phone system is set so', async () => {
    api.findRecord = async () => ({ ok: true, finding: { reason: 'no-match', matches: 0 }, apiUsage: undefined });
    expect((await ask('callerid=0752543312&format=json')).body).toBe('{}');
    expect((await ask('callerid=0752543312&format=xml')).body).toBe('<answer></answer>');
    expect((await ask('callerid=0752543312')).body).toBe('');
    setPbx({ defaultDataLookupId: dataLookup.id, notFoundOnMiss: true, version: 2 });
    expect((await ask('callerid=0752543312&format=json')).statusCode).toBe(404);
  });

  it('is asked by POST, too', async () => {
    const answer = await api.app.inject({
      method: 'POST',
      url: `/api/DataLookup/${pbx.id}${orgId}`,
      payload: { CallerId: '0752543312', Token: token, Format: 'json' },
    });
    expect(answer.json()).toEqual(found.fields);
  });

  it('is refused where the phone system has no default and names none', async () => {
    setPbx({});
    expect((await ask('callerid=0752543312')).statusCode).toBe(404);
    expect((await ask(`callerid=0752543312&lookupid=${dataLookup.id}`)).statusCode).toBe(200);
  });
});

describe('the kind of a lookup', () => {
  it.each([
    ['DataLookup', lookup.id, 409],
    ['ExtNo', dataLookup.id, 409],
    ['DataLookup', dataLookup.id, 200],
    ['ExtNo', lookup.id, 200],
    ['DataLookup', ivrLookup.id, 200],
    ['ExtNo', ivrLookup.id, 200],
  ])('decides whether %s may use %s: %i', async (service, id, status) => {
    expect((await ask(`callerid=0752543312&lookupid=${id}`, { service })).statusCode).toBe(status);
  });

  it('makes the IVR lookup the default where something was keyed in', async () => {
    const used: unknown[] = [];
    setPbx({ defaultDataLookupId: dataLookup.id, defaultIvrLookupId: ivrLookup.id });
    api.directory.lookups.set(ivrLookup.id, {
      ...ivrLookup,
      steps: lookup.steps.map((step) => ({ ...step, search: { by: 'ivr', as: 'text', leadingZerosTo: 0 } })),
    });
    api.findRecord = async ({ steps, question }) => {
      used.push([steps[0]?.search.by, question.ivr]);
      return { ok: true, finding: found, apiUsage: undefined };
    };
    await ask('callerid=0752543312&ivrid=1002%23', { service: 'ExtNo' });
    await ask('callerid=0752543312&ivrid=', { service: 'ExtNo' });
    await ask('ivrid=1002', { service: 'ExtNo' });
    expect(used).toEqual([
      ['ivr', '1002'],
      ['caller', undefined],
      ['ivr', '1002'],
    ]);
  });
});

it('rings the fallback of the reason before any other', async () => {
  api.directory.lookups.set(lookup.id, { ...lookup, fallbacks: { 'no-match': '300' }, fallbackExtension: '200' });
  api.findRecord = async () => ({ ok: true, finding: { reason: 'no-match', matches: 0 }, apiUsage: undefined });
  expect((await ask('callerid=0752543312', { service: 'ExtNo' })).body).toBe('300\n');
  api.findRecord = async () => ({ ok: true, finding: { reason: 'owner-inactive', matches: 1 }, apiUsage: undefined });
  expect((await ask('callerid=0752543313', { service: 'ExtNo' })).body).toBe('200\n');
});
