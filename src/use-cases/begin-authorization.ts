import { productionLoginHost, readLoginHost, sandboxLoginHost } from '../domain/login-host.ts';
import type { Authorizations, Clock, SalesforceOAuth, SecretTokens } from '../ports.ts';

export const authorizationLifeMs = 15 * 60_000;

export const loginHostChoices = ['production', 'sandbox', 'my-domain'] as const;
export type LoginHostChoice = (typeof loginHostChoices)[number];

export type BeginAuthorizationOutcome =
  | { readonly kind: 'login-host-invalid' }
  | {
      readonly kind: 'begun';
      readonly authorizationId: string;
      /** Where the browser goes next. */
      readonly url: string;
      /** Binds the attempt to this browser: its cookie is named by the state's hash. */
      readonly stateHash: string;
      readonly browserToken: string;
    };

/** Begins one attempt to connect. `standIn`, where there is one, is the only login host. */
export async function beginAuthorization(
  ports: {
    authorizations: Pick<Authorizations, 'create'>;
    oauth: Pick<SalesforceOAuth, 'authorizeUrl'>;
    tokens: SecretTokens;
    clock: Clock;
  },
  request: {
    accountId: string;
    choice: LoginHostChoice;
    myDomain: string;
    standIn: string | undefined;
    /** Of whoever has no account and came through an invitation. */
    invitationHash?: string;
  },
): Promise<BeginAuthorizationOutcome> {
  const { authorizations, oauth, tokens, clock } = ports;
  const loginHost = request.standIn ?? chosenHost(request);
  if (loginHost === undefined) return { kind: 'login-host-invalid' };
  const state = tokens.create();
  const browserToken = tokens.create();
  const codeVerifier = tokens.create();
  const stateHash = tokens.hash(state);
  const { id } = await authorizations.create({
    accountId: request.accountId,
    loginHost,
    stateHash,
    browserHash: tokens.hash(browserToken),
    codeVerifier,
    expiresAtMs: clock.now() + authorizationLifeMs,
    invitationHash: request.invitationHash,
  });
  const url = oauth.authorizeUrl({ loginHost, state, codeChallenge: tokens.codeChallenge(codeVerifier) });
  return { kind: 'begun', authorizationId: id, url, stateHash, browserToken };
}

function chosenHost({ choice, myDomain }: { choice: LoginHostChoice; myDomain: string }): string | undefined {
  switch (choice) {
    case 'production':
      return productionLoginHost;
    case 'sandbox':
      return sandboxLoginHost;
    case 'my-domain':
      return readLoginHost(myDomain);
  }
}
