import { isSameOrg } from '../domain/answer.ts';
import { toTripletId, type PbxId } from '../domain/ids.ts';
import type { LookupKind, Pbx } from '../domain/lookup.ts';
import { AppError } from '../errors.ts';
import type { Audit, Connections, Lookups, PbxChange, Pbxs, SignableRequest } from '../ports.ts';
import type { AuthenticateAccount } from './authenticate-account.ts';
import { unknownPbx } from './authenticate-pbx.ts';
import type { signPackageAnswer } from './sign-package-answer.ts';
import type { SignatureVerdict, verifyPackageRequest } from './verify-package-request.ts';

/** Who asks: a program of the account with its token, or the Salesforce package with its signature. */
export interface ConfigurationRequest extends SignableRequest {
  /** Undefined where the URL names none. */
  readonly pbxId: PbxId | undefined;
  /** As the URL has it. */
  readonly orgId: string;
  readonly accountToken: string | undefined;
  readonly headers: Parameters<typeof verifyPackageRequest>[1]['headers'];
}

/** Ids of lookups as sent: absent stays, empty removes. */
export type DefaultLookups = Readonly<Partial<Record<LookupKind, string>>>;

/** A phone system, and who proved that it is theirs to configure. */
export interface ConfigurablePbx {
  readonly pbx: Pbx;
  readonly actor: 'account' | 'salesforce-user';
  /** Headers that sign an answer for whoever signed the request. */
  readonly signAnswer?: (body: string) => Promise<Readonly<Record<string, string>>>;
}

export interface ConfigurePbx {
  /** Once a request: a signature counts once. Throws `ACCOUNT_TOKEN_INVALID`, `PACKAGE_SIGNATURE_INVALID`, `PBX_NOT_FOUND`. */
  authenticate(request: ConfigurationRequest): Promise<ConfigurablePbx>;
  /** Throws `REQUEST_INVALID`, `LOOKUP_NOT_FOUND`, `LOOKUP_WRONG_KIND`. */
  change(configurable: ConfigurablePbx, defaults: DefaultLookups): Promise<Pbx>;
}

/** Registers the default lookups of a phone system from outside the portal. */
export function createConfigurePbx(dependencies: {
  readonly pbxs: Pick<Pbxs, 'find' | 'update'>;
  readonly lookups: Pick<Lookups, 'find'>;
  readonly connections: Pick<Connections, 'ofAccount' | 'ofOrgInUrl'>;
  readonly authenticateAccount: AuthenticateAccount;
  readonly verifySignature: (request: Parameters<typeof verifyPackageRequest>[1]) => Promise<SignatureVerdict>;
  readonly signAnswer: (
    request: Parameters<typeof signPackageAnswer>[1],
    body: string,
  ) => ReturnType<typeof signPackageAnswer>;
  readonly audit: Pick<Audit, 'record'>;
}): ConfigurePbx {
  const { pbxs, lookups, connections, authenticateAccount, verifySignature, signAnswer, audit } = dependencies;

  async function authenticate(request: ConfigurationRequest): Promise<ConfigurablePbx> {
    const isSigned = request.headers['x-trunkline-signature'] !== undefined && request.accountToken === undefined;
    const accountId = isSigned ? await accountOfSigner(request) : await authenticateAccount(request.accountToken);
    const [pbx, connection] = await Promise.all([
      request.pbxId === undefined ? undefined : pbxs.find(accountId, request.pbxId),
      connections.ofAccount(accountId),
    ]);
    if (!pbx || !connection || !isSameOrg(request.orgId, connection.orgId)) throw unknownPbx();
    if (!isSigned) return { pbx, actor: 'account' };
    const { orgId } = connection;
    return { pbx, actor: 'salesforce-user', signAnswer: (body) => signAnswer({ ...request, orgId }, body) };
  }

  async function accountOfSigner(request: ConfigurationRequest): Promise<string> {
    const connection = await connections.ofOrgInUrl(request.orgId);
    const verdict = connection && (await verifySignature({ ...request, orgId: connection.orgId }));
    if (!connection || verdict !== 'valid') {
      throw new AppError(
        'PACKAGE_SIGNATURE_INVALID',
        'The signature of this request is not valid: check the secret key on both sides, and the clock of the sender.',
      );
    }
    return connection.accountId;
  }

  async function lookupId(accountId: string, kind: LookupKind, sent: string): Promise<string | undefined> {
    if (sent === '') return undefined;
    const id = toTripletId(sent);
    const lookup = id === undefined ? undefined : await lookups.find(accountId, id);
    if (!lookup) throw new AppError('LOOKUP_NOT_FOUND', 'There is no lookup with this id among yours.');
    if (lookup.kind !== kind) {
      throw new AppError('LOOKUP_WRONG_KIND', `This lookup is of the kind ${lookup.kind}, not ${kind}.`);
    }
    return lookup.id;
  }

  return {
    authenticate,

    async change({ pbx: { id, accountId }, actor }, defaults) {
      const { extension, data, ivr } = defaults;
      const extensionId = extension === undefined ? undefined : await lookupId(accountId, 'extension', extension);
      if (extension !== undefined && extensionId === undefined) {
        throw new AppError(
          'REQUEST_INVALID',
          'A phone system always has a default extension lookup: name another one.',
        );
      }
      const change: PbxChange = {
        id,
        accountId,
        ...(extensionId !== undefined && { defaultExtensionLookupId: extensionId }),
        ...(data !== undefined && { defaultDataLookupId: await lookupId(accountId, 'data', data) }),
        ...(ivr !== undefined && { defaultIvrLookupId: await lookupId(accountId, 'ivr', ivr) }),
      };
      const changed = await pbxs.update(change);
      await audit.record({ accountId, actor, action: 'pbx.changed', subject: id, detail: { by: 'PBXConf' } });
      return changed;
    },
  };
}
