import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

export interface TemporalClient {
  readonly connection: { close(): Promise<void> };
  readonly client: Client;
  readonly namespace: string;
}

/**
 * Where the `TEMPORAL_*` variables say that Temporal is (address, namespace, API key, TLS: the SDK's own names, so that Temporal Cloud
 * needs no code).
 */
export function temporalTarget(environment: Readonly<Record<string, string>>) {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({
    overrideEnvVars: environment,
    disableFile: environment['TEMPORAL_CONFIG_FILE'] === undefined,
  });
  return { connectionOptions, namespace };
}

/** How long a server that is back may be taken for one that is away. By itself, gRPC would wait up to two minutes. */
const reconnectWithinMs = 2_000;

/** A client for processes without a worker. Connects when it is first used and again when it has to, so that opening it never fails. */
export function openTemporalClient(environment: Readonly<Record<string, string>>): TemporalClient {
  const { connectionOptions, namespace } = temporalTarget(environment);
  const { address, tls, apiKey, metadata } = connectionOptions;
  const connection = Connection.lazy({
    ...(address !== undefined && { address }),
    ...(tls !== undefined && { tls }),
    ...(apiKey !== undefined && { apiKey }),
    ...(metadata !== undefined && { metadata }),
    channelArgs: { 'grpc.max_reconnect_backoff_ms': reconnectWithinMs },
  });
  return { connection, namespace, client: new Client({ connection, namespace }) };
}
