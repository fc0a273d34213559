/** As much of the package as its test uses; it has no types of its own. */
declare module 'nforce8' {
  export interface OAuth {
    access_token: string;
    refresh_token?: string;
    instance_url: string;
    id: string;
  }

  export interface SObject {
    get(field: string): unknown;
    set(field: string, value: unknown): void;
    getId(): string;
    setExternalId(field: string, value: string): void;
  }

  export interface QueryResult {
    totalSize: number;
    records: SObject[];
  }

  export interface Connection {
    getAuthUri(options: { scope: string[]; state: string }): string;
    authenticate(data: { code: string }): Promise<OAuth>;
    refreshToken(data: { oauth: OAuth }): Promise<OAuth>;
    getIdentity(data: { oauth: OAuth }): Promise<{ username: string; organization_id: string }>;
    getResources(data: { oauth: OAuth }): Promise<Record<string, string>>;
    getSObjects(data: { oauth: OAuth }): Promise<{ sobjects: { name: string }[] }>;
    getDescribe(data: { type: string; oauth: OAuth }): Promise<{ fields: { name: string; type: string }[] }>;
    getLimits(data: { oauth: OAuth }): Promise<{ DailyApiRequests: { Max: number } }>;
    query(data: { query: string; oauth: OAuth; fetchAll?: boolean }): Promise<QueryResult>;
    queryAll(data: { query: string; oauth: OAuth }): Promise<QueryResult>;
    search(data: { search: string; oauth: OAuth }): Promise<{ searchRecords: { Id: string }[] }>;
    getUrl(data: { url: string; oauth: OAuth }): Promise<unknown>;
    insert(data: { sobject: SObject; oauth: OAuth }): Promise<{ id: string; success: boolean }>;
    update(data: { sobject: SObject; oauth: OAuth }): Promise<unknown>;
    upsert(data: { sobject: SObject; oauth: OAuth }): Promise<{ id: string; success: boolean; created: boolean }>;
    delete(data: { sobject: SObject; oauth: OAuth }): Promise<unknown>;
    getRecord(data: { type: string; id: string; oauth: OAuth; fields?: string[] }): Promise<SObject>;
  }

  const nforce: {
    createConnection(options: {
      clientId: string;
      clientSecret: string;
      redirectUri: string;
      authEndpoint: string;
      loginUri: string;
    }): Connection;
    createSObject(type: string, fields: Record<string, unknown>): SObject;
  };
  export default nforce;
}
