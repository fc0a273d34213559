import { errorCodes, type FastifyInstance, type FastifyPluginAsync, type FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { splitPbxAndOrg } from '../../../src/domain/ids.ts';
import type { Pbx } from '../../../src/domain/lookup.ts';
import type { ConfigurablePbx, ConfigurationRequest, ConfigurePbx } from '../../../src/use-cases/configure-pbx.ts';
import { bearerToken } from '../../plugins/bearer-token.ts';
import { bodyProblems, PbxAndOrgSchema, problems, storageProblems } from '../../schemas/phone-api.ts';
import { lowerCaseNames } from './parameters.ts';

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

/** The body as it came, which a signature covers; null where none came. */
const rawBody = 'rawBody';
/** The phone system, once whoever asks has proved to be allowed to. */
const configurable = 'configurable';

/** PBXConf: which lookups a phone system uses when it names none, for programs of the account and the Salesforce package. */
export const pbxConfRoutes: FastifyPluginAsync<{ configurePbx: ConfigurePbx }> = async (app, { configurePbx }) => {
  app.decorateRequest(rawBody, null);
  app.decorateRequest(configurable, null);
  // Nothing is said about what was sent to whom it is none of their business: the body is kept, and read after the sender is known.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    request.setDecorator<Buffer>(rawBody, body);
    done(null);
  });
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addHook('preValidation', async (request) => {
    request.setDecorator<ConfigurablePbx>(configurable, await configurePbx.authenticate(read(request)));
    request.body = lowerCaseNames(await parsedBody(request, parseJson));
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const { signAnswer } = request.getDecorator<ConfigurablePbx | null>(configurable) ?? {};
    if (signAnswer) reply.headers(await signAnswer(typeof payload === 'string' ? payload : ''));
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
    app.get(path, { schema: { ...get, hide } }, async (request) =>
      present(request.getDecorator<ConfigurablePbx>(configurable).pbx),
    );
    app.put(path, { schema: { ...put, hide } }, async (request) => {
      const { extensionlookupid, datalookupid, ivrlookupid } = request.body as Static<typeof DefaultsSchema>;
      const pbx = await configurePbx.change(request.getDecorator<ConfigurablePbx>(configurable), {
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
  const { pbxId, orgId = '' } = splitPbxAndOrg(pbxAndOrg) ?? {};
  return {
    pbxId,
    orgId,
    accountToken: bearerToken(request.headers.authorization),
    headers: request.headers,
    method: request.method,
    path: request.url,
    body: request.getDecorator<Buffer | null>(rawBody) ?? '',
  };
}

/** Undefined where nothing was sent. Throws the framework's errors of bodies that it cannot read. */
async function parsedBody(request: FastifyRequest, parseJson: JsonParser): Promise<unknown> {
  const body = request.getDecorator<Buffer | null>(rawBody)?.toString() ?? '';
  if (body === '') return undefined;
  const [mediaType = ''] = (request.headers['content-type'] ?? '').split(';', 1);
  switch (mediaType.trim().toLowerCase()) {
    case 'application/json':
      return new Promise((resolve, reject) => {
        void parseJson(request, body, (error, value: unknown) => (error ? reject(error) : resolve(value)));
      });
    case 'application/x-www-form-urlencoded':
      return Object.fromEntries(new URLSearchParams(body));
    default:
      throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE();
  }
}

type JsonParser = ReturnType<FastifyInstance['getDefaultJsonParser']>;

const present = (pbx: Pbx): Static<typeof ConfigurationSchema> => ({
  PBXId: pbx.id,
  ExtensionLookupId: pbx.defaultExtensionLookupId,
  DataLookupId: pbx.defaultDataLookupId ?? null,
  IVRLookupId: pbx.defaultIvrLookupId ?? null,
});
