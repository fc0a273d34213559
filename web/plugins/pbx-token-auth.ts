import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { splitPbxAndOrg, toTripletId, type PbxId } from '../../src/domain/ids.ts';
import type { Pbx } from '../../src/domain/lookup.ts';
import type { AuthenticatePbx } from '../../src/use-cases/authenticate-pbx.ts';
import { bearerToken } from './bearer-token.ts';

/** The phone system that asks: `request.getDecorator<Pbx>(pbxOfRequest)`. */
export const pbxOfRequest = 'pbx';

/** The phone system that asks, once its token has been found good; undefined before, and on routes that want none. */
export const knownPbx = (request: FastifyRequest): Pbx | undefined =>
  request.server.hasRequestDecorator(pbxOfRequest)
    ? (request.getDecorator<Pbx | null>(pbxOfRequest) ?? undefined)
    : undefined;

/**
 * Lets only a phone system with its own token through: `Authorization: Bearer`, `?token=`, or `Token` in the body, in this order.
 * The URL names the phone system by the parameter `pbxId` or `pbxAndOrg`. Needs parameters with names in lower case.
 */
export const pbxTokenAuth = fastifyPlugin<{ authenticate: AuthenticatePbx }>(
  async (app, { authenticate }) => {
    app.decorateRequest(pbxOfRequest, null);
    app.addHook('preValidation', (request, _reply, done) => {
      const token =
        bearerToken(request.headers.authorization) ?? textOf(request.query, 'token') ?? textOf(request.body, 'token');
      request.setDecorator<Pbx>(pbxOfRequest, authenticate(token, pbxIdOf(request.params), request.ip));
      done();
    });
  },
  { name: 'pbx-token-auth' },
);

function pbxIdOf(parameters: unknown): PbxId | undefined {
  const pbxAndOrg = textOf(parameters, 'pbxAndOrg');
  if (pbxAndOrg !== undefined) return splitPbxAndOrg(pbxAndOrg)?.pbxId;
  const pbxId = textOf(parameters, 'pbxId');
  return pbxId === undefined ? undefined : toTripletId(pbxId);
}

function textOf(values: unknown, name: string): string | undefined {
  if (typeof values !== 'object' || values === null) return undefined;
  const value = (values as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
