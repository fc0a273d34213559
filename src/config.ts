import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { defaultIntervals, type ConnectionIntervals } from './domain/connection-life.ts';
import { AppError } from './errors.ts';
import { refreshLimitMs, refreshLimits } from './limits.ts';
import type { OrgGateLimits } from './use-cases/org-gate.ts';

const port = (fallback: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: fallback, description });
const text = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));
const milliseconds = (fallback: number, description: string) =>
  Type.Integer({ minimum: 10, default: fallback, description });

/**
 * Every setting that the product reads, with its default and the sentence that the README prints.
 * An empty environment variable counts as unset.
 */
export const SettingsSchema = Type.Object({
  HOST: Type.String({
    default: '127.0.0.1',
    description:
      'Address that portal, phone API, metrics and stand-in bind to; PostgreSQL and Temporal, where `npm start` brings them, stay on 127.0.0.1',
  }),
  PORT: port(3000, 'Portal and phone API'),
  PUBLIC_URL: text('Address that browsers and Salesforce use to reach the portal; default `http://localhost:<PORT>`'),
  TRUST_PROXY: text(
    'Addresses (CIDR, comma-separated) of proxies whose `X-Forwarded-*` headers are believed; default none',
  ),
  METRICS_PORT: port(
    9464,
    'Prometheus metrics of the server; +1 the worker, +2 the Temporal SDK of the server’s recorder, +3 of the worker; 0 = any free port',
  ),
  LOG_LEVEL: Type.Union(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace'].map((level) => Type.Literal(level)),
    { default: 'info', description: '`fatal`, `error`, `warn`, `info`, `debug` or `trace`' },
  ),
  TRUNKLINE_DATA_DIR: Type.String({ default: '.local', description: 'Where `npm start` keeps its data' }),
  TRUNKLINE_KEYS: text(
    'Keys that seal secrets: `id:base64(32 bytes)[,…]`, the first seals, all open; made in the data folder together with the stand-in, required otherwise',
  ),
  DATABASE_URL: text('PostgreSQL; default: an embedded one in the data folder'),
  POSTGRES_PORT: port(5433, 'Port of the embedded PostgreSQL'),
  TEMPORAL_ADDRESS: text('Temporal server; default: a development server is started'),
  TEMPORAL_NAMESPACE: Type.String({ default: 'default', description: 'Temporal namespace' }),
  WORKFLOW_BUNDLE_PATH: text('Workflow bundle made beforehand; default: made when a process starts'),
  TEMPORAL_CLI_PATH: text('The `temporal` command; default: on the PATH, downloaded or built'),
  TEMPORAL_PORT: port(7233, 'Port of the development Temporal server'),
  TEMPORAL_UI_PORT: port(8233, 'Port of its UI'),
  TEMPORAL_UI_URL: text('Temporal UI, for links; default: the development server’s'),
  SALESFORCE_CLIENT_ID: text('Consumer key of the Salesforce app; without it the stand-in is used'),
  SALESFORCE_CLIENT_SECRET: text('Consumer secret of the Salesforce app'),
  SALESFORCE_STAND_IN_PORT: port(3001, 'Port of the Salesforce stand-in'),
  SALESFORCE_STAND_IN_URL: text('Address of a stand-in that runs already; set by `npm start` for its own processes'),
  SALESFORCE_API_VERSION: Type.String({
    pattern: '^\\d{2,3}\\.0$',
    default: '67.0',
    description: 'Version of the Salesforce API',
  }),
  SALESFORCE_ACD_NAMESPACE: text(
    'Namespace of the managed package whose licence the connecting user needs; stand-in: `trunkline`; with the real Salesforce one of the two is required',
  ),
  SALESFORCE_ACD_PERMISSION_SET_LICENSE: text(
    'Developer name of the permission-set licence that the connecting user needs',
  ),
  SALESFORCE_LOOKUPS_AT_ONCE: Type.Integer({
    minimum: 1,
    default: 100,
    description: 'Lookups of one org under way at Salesforce, for each server; further ones wait their turn',
  }),
  SALESFORCE_LOOKUPS_DAILY_PERCENT: Type.Integer({
    minimum: 1,
    maximum: 100,
    default: 98,
    description:
      'When so much of the org’s daily API calls is used, by whomever, lookups stop with the reason `quota`; the rest keeps the connection alive',
  }),
  SALESFORCE_REQUIRE_ROTATION: Type.Boolean({
    default: true,
    description: 'Whether to warn when refresh tokens are not rotated, as Salesforce asks of the apps of its partners',
  }),
  MAIL_URL: text('SMTP server, `smtp://user:password@host:port`; default: messages land in `mail/` in the data folder'),
  MAIL_FROM: Type.String({ default: 'Trunkline <trunkline@localhost>', description: 'Sender of mail' }),
  CHROMIUM_PATH: text('Browser for tests, demo and screenshots; default: an installed one, else the npm package’s'),
  CONNECTION_VALIDATE_EVERY_MS: milliseconds(300_000, 'How often a connection is checked with a real call'),
  CONNECTION_CHECK_NOW_EVERY_MS: milliseconds(
    10_000,
    'A check that a page, a person or a refused lookup asks for is left out when the last one is younger',
  ),
  CONNECTION_WATCH_EVERY_MS: milliseconds(5_000, 'How often its token is introspected while a page watches'),
  CONNECTION_REFRESH_AHEAD_MS: milliseconds(60_000, 'How long before its end an access token is refreshed'),
  CONNECTION_REFRESH_AT_LEAST_EVERY_MS: milliseconds(604_800_000, 'A genuine refresh happens at least this often'),
  CONNECTION_REFRESH_LIMIT_MS: Type.Integer({
    minimum: 1_000,
    maximum: refreshLimitMs,
    default: refreshLimitMs,
    description:
      'How long a refresh may take; after this and a quarter more, another may follow one of which nobody knows what came',
  }),
  CONNECTION_RIGHTS_CHECK_EVERY_MS: milliseconds(86_400_000, 'How often user, rights and licence are checked again'),
  CONNECTION_RETRY_FIRST_MS: milliseconds(2_000, 'First retry while Salesforce is unreachable; doubles with jitter'),
  CONNECTION_RETRY_MAX_MS: milliseconds(300_000, 'Longest wait between two such retries'),
  CONNECTION_UNCERTAIN_WARNING_MS: milliseconds(900_000, 'How long a refresh may be unconfirmed before it is told'),
  ALERT_WAIT_MS: milliseconds(120_000, 'How long a connection must stay Active or Inactive before its people are told'),
  WEBHOOK_ALLOW_PRIVATE: Type.Boolean({
    default: false,
    description: 'Whether webhooks may lead into private networks, and go without encryption',
  }),
  CONNECTION_RECHECK_MS: Type.String({
    pattern: '^\\d+(,\\d+)*$',
    default: '60000,300000,900000,3600000',
    description: 'Waits between re-checks of a broken connection; the last repeats',
  }),
});

export type Settings = Type.Static<typeof SettingsSchema>;

/** One seal key: `id` stands in front of everything it sealed. */
export interface SealKey {
  readonly id: string;
  readonly key: Buffer;
}

/** Reads and checks the environment. Throws `CONFIGURATION_INVALID` with one sentence that names the setting. */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env) {
  const settings = parseSettings(environment);
  const publicUrl = originOf(settings.PUBLIC_URL ?? `http://localhost:${settings.PORT}`);
  const real = settings.SALESFORCE_CLIENT_ID !== undefined && settings.SALESFORCE_STAND_IN_URL === undefined;
  if (real && settings.SALESFORCE_CLIENT_SECRET === undefined) {
    throw invalid('SALESFORCE_CLIENT_SECRET is missing: set it to the consumer secret of the Salesforce app.');
  }
  if (real && !settings.SALESFORCE_ACD_NAMESPACE && !settings.SALESFORCE_ACD_PERMISSION_SET_LICENSE) {
    throw invalid(
      'Set SALESFORCE_ACD_NAMESPACE or SALESFORCE_ACD_PERMISSION_SET_LICENSE: it names the licence that the connecting user needs.',
    );
  }
  return Object.freeze({
    settings: Object.freeze(settings),
    /** The SDK's own variables (address, API key, TLS …), for its own reader. */
    temporalEnvironment: {
      ...Object.fromEntries(
        Object.entries(environment).flatMap(([name, value]) =>
          name.startsWith('TEMPORAL_') && value !== undefined && value !== '' ? [[name, value]] : [],
        ),
      ),
      TEMPORAL_NAMESPACE: settings.TEMPORAL_NAMESPACE,
    },
    publicUrl,
    /** Cookies may be marked Secure only where the browser comes by https. */
    secureCookies: publicUrl.startsWith('https:'),
    usesStandIn: !real,
    keys: settings.TRUNKLINE_KEYS === undefined ? [] : parseKeys(settings.TRUNKLINE_KEYS),
    connectionIntervals: {
      ...defaultIntervals,
      validateEveryMs: settings.CONNECTION_VALIDATE_EVERY_MS,
      rightsCheckEveryMs: settings.CONNECTION_RIGHTS_CHECK_EVERY_MS,
      refreshAheadMs: settings.CONNECTION_REFRESH_AHEAD_MS,
      refreshAtLeastEveryMs: settings.CONNECTION_REFRESH_AT_LEAST_EVERY_MS,
      checkNowEveryMs: settings.CONNECTION_CHECK_NOW_EVERY_MS,
      retryFirstMs: settings.CONNECTION_RETRY_FIRST_MS,
      retryMaxMs: settings.CONNECTION_RETRY_MAX_MS,
      uncertainWarningMs: settings.CONNECTION_UNCERTAIN_WARNING_MS,
      recheckDelaysMs: settings.CONNECTION_RECHECK_MS.split(',').map(Number),
    } satisfies ConnectionIntervals,
    refreshLimits: refreshLimits(settings.CONNECTION_REFRESH_LIMIT_MS),
    orgGate: {
      concurrency: settings.SALESFORCE_LOOKUPS_AT_ONCE,
      quotaShare: settings.SALESFORCE_LOOKUPS_DAILY_PERCENT / 100,
    } satisfies Partial<OrgGateLimits>,
    acdLicence: {
      namespace: settings.SALESFORCE_ACD_NAMESPACE ?? (real ? undefined : 'trunkline'),
      permissionSetLicense: settings.SALESFORCE_ACD_PERMISSION_SET_LICENSE,
    },
  });
}

export type Config = ReturnType<typeof loadConfig>;

function parseSettings(environment: NodeJS.ProcessEnv): Settings {
  const given = Object.fromEntries(
    Object.keys(SettingsSchema.properties).flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
  const settings = Value.Convert(SettingsSchema, Value.Default(SettingsSchema, given));
  if (Value.Check(SettingsSchema, settings)) return settings;
  const [first] = Value.Errors(SettingsSchema, settings);
  const name = first?.instancePath.slice(1) ?? 'A setting';
  throw invalid(`${name} is not valid: it ${first?.message ?? 'cannot be read'}.`);
}

/** A path would get lost on the way into links and cookies, so none is accepted. */
function originOf(address: string): string {
  const url = URL.parse(address);
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (!isOrigin) {
    throw invalid(
      `PUBLIC_URL is ${address}: it must be http:// or https:// with a host and nothing behind it, such as https://acd.example.`,
    );
  }
  return url.origin;
}

function parseKeys(value: string): readonly SealKey[] {
  return value.split(',').map((entry) => {
    const [id = '', encoded = ''] = entry.trim().split(':');
    const key = Buffer.from(encoded, 'base64');
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(id) || key.length !== 32) {
      throw invalid('TRUNKLINE_KEYS is not valid: it is a list of id:base64, each key 32 bytes long.');
    }
    return { id, key };
  });
}

const invalid = (message: string) => new AppError('CONFIGURATION_INVALID', message);

/** What a process that we start inherits: this one's environment with some variables changed, or taken away where undefined. */
export function inheritedEnvironment(changes: Readonly<Record<string, string | undefined>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...changes };
}
