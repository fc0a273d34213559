import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SettingsSchema } from '../../src/config.ts';
import { closeWithinMs } from '../../src/limits.ts';
import { dynamicConfig } from '../../src/local/temporal.ts';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly restart?: string;
  readonly stop_grace_period?: string;
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const file = readFileSync('docker-compose.yml', 'utf8');
const compose = parse(file, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.entries(compose.services);
const example = readFileSync('env.example', 'utf8');
const dockerfile = readFileSync('Dockerfile', 'utf8');
const ours = services.filter(([, { build }]) => build !== undefined);
const isHealthChecked = ({ build, healthcheck }: Service) =>
  healthcheck === undefined ? build !== undefined && dockerfile.includes('HEALTHCHECK') : healthcheck.disable !== true;

test('has two servers, two workers, and what they need', () => {
  expect(Object.keys(compose.services).sort()).toEqual([
    'migrate',
    'postgres',
    'proxy',
    'server-1',
    'server-2',
    'temporal',
    'temporal-namespace',
    'temporal-schema',
    'temporal-ui',
    'worker-1',
    'worker-2',
  ]);
});

describe.each(services)('%s', (_name, service) => {
  test('waits only for services that exist, and for health only where it is checked', () => {
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      const other = compose.services[needed];
      expect(other, needed).toBeDefined();
      if (condition === 'service_healthy') expect(other && isHealthChecked(other), needed).toBe(true);
      if (condition === 'service_completed_successfully') expect(other?.restart, needed).toMatch(/^(no|on-failure)$/);
    }
  });

  test('mounts files that exist and volumes that are declared', () => {
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      expect(source.startsWith('./') ? existsSync(source) : source in compose.volumes, source).toBe(true);
    }
  });

  test('comes from a pinned image or from here', () => {
    expect(service.build ?? service.image).toMatch(/^\.$|:(\d|\$\{\w+:-\d)/);
  });
});

test('only the proxy is reachable from outside', () => {
  const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port] as const));
  expect(published.filter(([, port]) => !port.startsWith('127.0.0.1:'))).toEqual([
    ['proxy', '80:80'],
    ['proxy', '443:443'],
  ]);
});

test('no password, key or secret has a default', () => {
  const references = [...file.matchAll(/\$\{(\w+)(:?[?-][^}]*)?\}/g)].map(([, name = '', rest = '']) => ({
    name,
    rest,
  }));
  const secrets = references.filter(({ name }) => /PASSWORD|KEYS|SECRET|CLIENT_ID|MAIL_URL|PUBLIC_URL/.test(name));
  expect(secrets.length).toBeGreaterThan(8);
  for (const { name, rest } of secrets) expect(rest, name).toMatch(/^:\?/);
  for (const [service, { environment = {} }] of services) {
    for (const [name, value] of Object.entries(environment)) {
      if (/PASSWORD|PWD|SECRET|KEYS/.test(name)) expect(value, `${name} of ${service}`).toMatch(/^\$\{\w+:\?/);
    }
  }
});

test('env.example names every required variable and gives none of them a value', () => {
  const required = new Set([...file.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name));
  const named = new Map([...example.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
  for (const name of required) expect(named.get(name ?? ''), name).toBe('');
  for (const name of named.keys()) expect(file, name).toContain(`\${${name}:`);
});

describe.each(ours)('our %s', (name, { environment = {}, command, sysctls, stop_grace_period: grace = '10s' }) => {
  test('does not wait a quarter of an hour for a database host that vanished', () => {
    expect(Number(sysctls?.['net.ipv4.tcp_retries2'])).toBeLessThanOrEqual(6);
  });

  test('is given longer to stop than it takes', () => {
    const limitMs = name.startsWith('worker') ? closeWithinMs.worker : closeWithinMs.server;
    expect(Number.parseInt(grace) * 1_000).toBeGreaterThan(limitMs);
  });

  test('is given settings that exist', () => {
    for (const name of Object.keys(environment)) expect(Object.keys(SettingsSchema.properties)).toContain(name);
  });

  test('runs a program that exists', () => {
    const program = command?.[1] ?? /CMD \["node", "([^"]+)"\]/.exec(dockerfile)?.[1] ?? '';
    expect(existsSync(program), program).toBe(true);
  });
});

test('the proxy asks the servers by the names they have', () => {
  const upstreams = [...readFileSync('deploy/Caddyfile', 'utf8').matchAll(/(server-\d+):3000/g)].map(
    ([, name]) => name,
  );
  expect(upstreams).toEqual(Object.keys(compose.services).filter((name) => name.startsWith('server-')));
});

test('the servers believe the network of the proxy, and no other', () => {
  const { networks } = parse(file) as { networks: { default: { ipam: { config: { subnet: string }[] } } } };
  expect(compose.services['server-1']?.environment?.['TRUST_PROXY']).toBe(networks.default.ipam.config[0]?.subnet);
});

test('the scripts of the jobs are free of syntax errors', () => {
  for (const script of ['deploy/postgres/databases.sh', 'deploy/temporal/schema.sh', 'deploy/temporal/namespace.sh']) {
    execFileSync('sh', ['-n', script]);
  }
});

test('the Temporal server of a deployment is told what the local one is', () => {
  const told = parse(readFileSync('deploy/temporal/dynamic-config.yaml', 'utf8')) as Record<
    string,
    { value: unknown }[]
  >;
  expect(Object.fromEntries(Object.entries(told).map(([key, values]) => [key, values[0]?.value]))).toEqual(
    dynamicConfig,
  );
});

test('the image leaves out what is not to be in it', () => {
  const ignored = readFileSync('.dockerignore', 'utf8').split('\n');
  expect(ignored).toEqual(expect.arrayContaining(['.git', '.local', '.env', 'node_modules', 'test']));
  expect(dockerfile).toMatch(/^USER node$/m);
  expect(dockerfile).toContain('npm ci --omit=dev');
});
