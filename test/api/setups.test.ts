import { execFile } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setups, type SetupName } from '../../web/setups/index.ts';
import type { SetupValues } from '../../web/setups/setup.ts';
import { runAsterisk, runFreeswitch } from '../support/dialplans.ts';
import { lookup, orgId, pbx } from '../support/fakes/lookups.ts';
import { createTestPhoneApi, type TestPhoneApi } from '../support/phone-api.ts';

const run = promisify(execFile);
const dataLookupId = 'DDDDDD-DDDDDD-DDDDDD';

let api: TestPhoneApi;
let values: SetupValues;
/** What the owner of the record that is found has. */
let extension: string | undefined;
beforeEach(async () => {
  extension = '201';
  api = await createTestPhoneApi();
  api.directory.lookups.set(dataLookupId, { ...lookup, id: dataLookupId, kind: 'data' });
  const known = api.directory.pbxs.get(pbx.id);
  if (!known) throw new Error('the phone system is gone');
  api.directory.pbxs.set(pbx.id, { ...known, pbx: { ...pbx, defaultDataLookupId: dataLookupId } });
  api.findRecord = async ({ question: { caller } }) => ({
    ok: true,
    apiUsage: undefined,
    finding: {
      reason: 'matched',
      matches: 1,
      ...(extension !== undefined && { extension }),
      // What arrived, so that a number that was lost on its way is seen.
      fields: { Number: caller.kind === 'number' ? caller.e164 : caller.kind },
    },
  });
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = api.app.server.address() as AddressInfo;
  values = {
    publicUrl: `http://127.0.0.1:${port}`,
    pbxId: pbx.id,
    orgId,
    token: await api.newToken(),
    callerId: '+4975253099803',
    deadlineMs: 1_500,
    fields: ['Number'],
  };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await api.close();
});

const textOf = (name: SetupName): string => setups[name](values)[0]?.text ?? '';

/** Some trouble that a phone system is told of in words. */
const troubles: Readonly<Record<string, () => void | Promise<void>>> = {
  'a token that is refused': () => {
    values = { ...values, token: 'another' };
  },
  'an org that is another': () => {
    values = { ...values, orgId: '00DB0000000CaT5MAK' };
  },
  'a lookup that is gone': () => {
    api.directory.lookups.clear();
  },
  'too many questions': () => {
    const known = api.directory.pbxs.get(pbx.id);
    const limits = { perSecond: 1, burst: 0, inFlight: 1 };
    if (known) api.directory.pbxs.set(pbx.id, { ...known, pbx: { ...known.pbx, limits } });
  },
  'no extension at all': () => {
    extension = undefined;
    const known = api.directory.pbxs.get(pbx.id);
    if (known) api.directory.pbxs.set(pbx.id, { ...known, pbx: { ...known.pbx, fallbackExtension: undefined } });
  },
  'a service that is not there': () => api.app.close(),
};

describe('a ready-made set-up that can be run, run against the phone API', () => {
  const call = { from: '+4975253099803', to: '+4930231250' };
  const callAsterisk = () => runAsterisk(textOf('asterisk'), call);
  const callFreeswitch = () => runFreeswitch(textOf('freeswitch'), call);

  it.each(['201', 'anna.berg', '*31#', '+4975254400', 'front-desk_2'])(
    'of Asterisk and FreeSWITCH rings %s, which is an extension as it stands',
    async (mapped) => {
      extension = mapped;
      expect(await callAsterisk()).toBe(`Dial(PJSIP/${mapped},30)`);
      expect(await callFreeswitch()).toBe(`bridge user/${mapped}@example`);
    },
  );

  it.each(Object.keys(troubles))(
    'of Asterisk and FreeSWITCH goes the way without an answer for %s',
    async (trouble) => {
      await troubles[trouble]?.();
      expect(await callAsterisk()).toBe('Goto(from-internal,0,1)');
      expect(await callFreeswitch()).toBe('transfer 0 XML default');
    },
  );

  it('of FreeSWITCH lets no caller choose whom to ring', async () => {
    for (const to of ['trunkline-201', 'anna.berg']) {
      expect(await runFreeswitch(textOf('freeswitch'), { ...call, to })).toBeUndefined();
    }
    expect(await runFreeswitch(textOf('freeswitch'), { ...call, to: 'trunkline' })).toBe('transfer 0 XML default');
  });

  it('of Asterisk and FreeSWITCH tells both numbers as they are', async () => {
    const asked: unknown[] = [];
    api.findRecord = async ({ question: { caller, called } }) => {
      asked.push([caller, called].map((number) => (number.kind === 'number' ? number.e164 : number.kind)));
      return { ok: true, apiUsage: undefined, finding: { reason: 'no-match', matches: 0 } };
    };
    await callAsterisk();
    await runFreeswitch(textOf('freeswitch'), { ...call, from: '+4975253099804' });
    expect(asked).toEqual([
      ['+4975253099803', '+4930231250'],
      ['+4975253099804', '+4930231250'],
    ]);
  });

  it('of curl asks both questions as it was pasted into a shell', async () => {
    const { stdout } = await run('sh', [
      '-ec',
      textOf('curl').replaceAll('curl --get', 'curl --silent --show-error --get'),
    ]);
    expect(stdout).toContain('"extension":"201","reason":"matched"');
    expect(stdout).toContain('{"Number":"+4975253099803"}');
  });

  it('of Amazon Connect asks with the caller’s number, and fails where it is refused', async () => {
    const source = textOf('amazon-connect');
    const { handler } = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as {
      handler: (event: unknown) => Promise<unknown>;
    };
    const event = {
      Details: { ContactData: { CustomerEndpoint: { Address: '+4975253099803' }, SystemEndpoint: null } },
    };
    vi.stubEnv('TRUNKLINE_TOKEN', values.token);
    expect(await handler(event)).toEqual({
      extension: '201',
      reason: 'matched',
      run: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
    });
    vi.stubEnv('TRUNKLINE_TOKEN', 'another');
    await expect(handler(event)).rejects.toThrow('401');
  });

  it('of Twilio Studio posts a form that is answered with what its widgets read', async () => {
    interface Widget {
      readonly name: string;
      readonly properties: {
        readonly url: string;
        readonly method: string;
        readonly content_type: string;
        readonly parameters: { readonly key: string; readonly value: string }[];
      };
    }
    const { states } = JSON.parse(textOf('twilio')) as { states: Widget[] };
    const widget = states.find(({ name }) => name === 'ask_trunkline');
    if (!widget) throw new Error('there is no such widget');
    const { url, method, content_type, parameters } = widget.properties;
    const body = new URLSearchParams(
      parameters.map(({ key, value }): [string, string] => [
        key,
        value === '{{trigger.call.From}}' ? '+4975253099803' : value,
      ]),
    );
    const response = await fetch(url, { method, body: body.toString(), headers: { 'content-type': content_type } });
    expect(await response.json()).toMatchObject({ extension: '201', reason: 'matched' });
  });
});
