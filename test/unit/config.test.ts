import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { defaultIntervals } from '../../src/domain/connection-life.ts';

it('has a default for everything when the stand-in is used', () => {
  const config = loadConfig({});
  expect(config.publicUrl).toBe('http://localhost:3000');
  expect(config.usesStandIn).toBe(true);
  expect(config.acdLicence.namespace).toBe('trunkline');
});

it('takes an empty variable for an unset one', () => {
  expect(loadConfig({ PORT: '' }).settings.PORT).toBe(3000);
});

it('takes every interval of a connection from a setting, and the same ones without', () => {
  expect(loadConfig({}).connectionIntervals).toEqual(defaultIntervals);
  const environment = {
    CONNECTION_VALIDATE_EVERY_MS: '11',
    CONNECTION_CHECK_NOW_EVERY_MS: '12',
    CONNECTION_REFRESH_AHEAD_MS: '13',
    CONNECTION_REFRESH_AT_LEAST_EVERY_MS: '14',
    CONNECTION_RIGHTS_CHECK_EVERY_MS: '15',
    CONNECTION_RETRY_FIRST_MS: '16',
    CONNECTION_RETRY_MAX_MS: '17',
    CONNECTION_UNCERTAIN_WARNING_MS: '18',
    CONNECTION_RECHECK_MS: '19,20',
  };
  expect(loadConfig(environment).connectionIntervals).toEqual({
    validateEveryMs: 11,
    checkNowEveryMs: 12,
    refreshAheadMs: 13,
    refreshAtLeastEveryMs: 14,
    rightsCheckEveryMs: 15,
    retryFirstMs: 16,
    retryMaxMs: 17,
    uncertainWarningMs: 18,
    recheckDelaysMs: [19, 20],
    historyEvents: defaultIntervals.historyEvents,
  });
});

it.each([
  ['https://acd.example', 'https://acd.example'],
  ['https://ACD.example/', 'https://acd.example'],
  ['http://10.0.0.5:3000', 'http://10.0.0.5:3000'],
])('takes %s for the address %s', (PUBLIC_URL, publicUrl) => {
  expect(loadConfig({ PUBLIC_URL }).publicUrl).toBe(publicUrl);
});

it('says how an address is written where one is not', () => {
  expect(() => loadConfig({ PUBLIC_URL: 'localhost:3000' })).toThrow(
    /^PUBLIC_URL is localhost:3000: it must be http:\/\/ or https:\/\/ with a host and nothing behind it, such as https:\/\/acd\.example\.$/,
  );
});

it('bounds what lookups take from an org by settings, and leaves something of the daily calls to the connection', () => {
  expect(loadConfig({}).orgGate).toEqual({ concurrency: 100, quotaShare: 0.98 });
  const environment = { SALESFORCE_LOOKUPS_AT_ONCE: '20', SALESFORCE_LOOKUPS_DAILY_PERCENT: '75' };
  expect(loadConfig(environment).orgGate).toEqual({ concurrency: 20, quotaShare: 0.75 });
});

it.each([
  [{ SALESFORCE_LOOKUPS_DAILY_PERCENT: '0' }, 'SALESFORCE_LOOKUPS_DAILY_PERCENT'],
  [{ PORT: 'x' }, 'PORT'],
  [{ PORT: '70000' }, 'PORT'],
  [{ TRUNKLINE_KEYS: 'a:short' }, 'TRUNKLINE_KEYS'],
  [{ SALESFORCE_CLIENT_ID: 'id' }, 'SALESFORCE_CLIENT_SECRET'],
  [{ SALESFORCE_CLIENT_ID: 'id', SALESFORCE_CLIENT_SECRET: 's' }, 'SALESFORCE_ACD_NAMESPACE'],
  [{ SALESFORCE_API_VERSION: '67' }, 'SALESFORCE_API_VERSION'],
  [{ CONNECTION_RECHECK_MS: '1,x' }, 'CONNECTION_RECHECK_MS'],
  [{ PUBLIC_URL: 'acd.example' }, 'PUBLIC_URL'],
  [{ PUBLIC_URL: 'localhost:3000' }, 'PUBLIC_URL'],
  [{ PUBLIC_URL: 'ftp://acd.example' }, 'PUBLIC_URL'],
  [{ PUBLIC_URL: 'https://' }, 'PUBLIC_URL'],
  [{ PUBLIC_URL: 'https://acd.example/portal' }, 'PUBLIC_URL'],
  [{ PUBLIC_URL: 'https://acd.example/?a=b' }, 'PUBLIC_URL'],
  [{ PUBLIC_URL: 'https://me@acd.example' }, 'PUBLIC_URL'],
])('names the setting that is wrong in %o', (environment, setting) => {
  expect(() => loadConfig(environment)).toThrow(setting);
});
