import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { splitPbxAndOrg } from '../../../src/domain/ids.ts';
import type { Pbx } from '../../../src/domain/lookup.ts';
import type { ConfigurationRequest, ConfigurePbx } from '../../../src/use-cases/configure-pbx.ts';
import { unknownPbx } from '../../../src/use-cases/authenticate-pbx.ts';
import { bearerToken } from '../../plugins/bearer-token.ts';
import { bodyProblems, PbxAndOrgSchema, problems, storageProblems } from '../../schemas/phone-api.ts';

const id = (kind: string, removable: string) =>
  Type.Optional(
    Type.String({
      minLength: removable === '' ? 1 : 0,
      maxLength: 40,
      description: `Id of the default ${kind} lookup; absent: it stays${removable}`,
      examples: ['12C153-CD55ED-2CB7C5'],
    }),
  );

/** Names may be sent in any case; here they are lower case. */
const DefaultsSchema = Type.Object({
  extensionlookupid: id('extension', ''),
  datalookupid: id('data', ', empty: there is none any more'),
  ivrlookupid: id('IVR', ', empty: there is none any more'),
});

const idOrNull = Type.Union([Type.String(), Type.Null()]);
const ConfigurationSchema = Type.Object({
  PBXId: Type.String(),
  ExtensionLookupId: Type.String(),
  DataLookupId: idOrNull,
  IVRLookupId: idOrNull,
});

/** The body as it came, which a signature covers. */
const rawBody = 'rawBody';

/** PBXConf: which lookups a phone system uses when it names none, for programs of the account and the Salesforce package. */
export const pbxConfRoutes: FastifyPluginAsync<{ configurePbx: ConfigurePbx }> = async (app, { configurePbx }) => {
  app.decorateRequest(rawBody, null);
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    request.setDecorator<Buffer>(rawBody, body);
    void parseJson(request, body.toString(), done);
  });

  const shared = {
    tags: ['Account API'],
    security: [{ accountToken: [] }, { packageSignature: [] }],
    params: PbxAndOrgSchema,
    response: { 200: ConfigurationSchema, ...problems, ...storageProblems },
  };
  const get = { ...shared, summary: 'The default lookups of a phone system', operationId: 'getConfiguration' };
  const put = {
    ...shared,
    summary: 'Registers or changes the default lookups of a phone system',
    operationId: 'putConfiguration',
    body: DefaultsSchema,
    response: { ...shared.response, ...bodyProblems },
  };
  for (const path of ['/PBXConf/:pbxAndOrg', '/PBXConf/:pbxAndOrg/']) {
    const hide = path.endsWith('/');
    app.get(path, { schema: { ...get, hide } }, async (request) => present(await configurePbx.read(read(request))));
    app.put(path, { schema: { ...put, hide } }, async (request) => {
      const { extensionlookupid, datalookupid, ivrlookupid } = request.body as Static<typeof DefaultsSchema>;
      const pbx = await configurePbx.change(read(request), {
        ...(extensionlookupid !== undefined && { extension: extensionlookupid }),
        ...(datalookupid !== undefined && { data: datalookupid }),
        ...(ivrlookupid !== undefined && { ivr: ivrlookupid }),
      });
      return present(pbx);
    });
  }
};

function read(request: FastifyRequest): ConfigurationRequest {
  const { pbxAndOrg } = request.params as Static<typeof PbxAndOrgSchema>;
  const ids = splitPbxAndOrg(pbxAndOrg);
  if (!ids) throw unknownPbx();
  return {
    ...ids,
    accountToken: bearerToken(request.headers.authorization),
    headers: request.headers,
    method: request.method,
    path: request.url,
    body: request.getDecorator<Buffer | null>(rawBody) ?? '',
  };
}

const present = (pbx: Pbx): Static<typeof ConfigurationSchema> => ({
  PBXId: pbx.id,
  ExtensionLookupId: pbx.defaultExtensionLookupId,
  DataLookupId: pbx.defaultDataLookupId ?? null,
  IVRLookupId: pbx.defaultIvrLookupId ?? null,
});
