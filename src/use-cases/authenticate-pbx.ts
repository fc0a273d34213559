import type { PbxId } from '../domain/ids.ts';
import type { Pbx } from '../domain/lookup.ts';
import { AppError } from '../errors.ts';
import type { FailureLimiter } from './failure-limiter.ts';
import { isAllowedAddress } from './allowed-addresses.ts';
import type { Clock, PbxTokenReader, PhoneDirectory } from '../ports.ts';

/**
 * The phone system that presents a token and is named in the URL; `pbxId` is undefined when the URL names none. `address`: where the
 * request comes from.
 */
export type AuthenticatePbx = (token: string | undefined, pbxId: PbxId | undefined, address: string) => Pbx;

/**
 * From memory only. Throws `PBX_TOKEN_INVALID`, in the same words for a forged, an unknown, a revoked and an expired token;
 * `TOO_MANY_REQUESTS` for one of many of these from an address; `PBX_ADDRESS_NOT_ALLOWED`; `PBX_TOKEN_WRONG_PBX` when the URL names another phone system of the same account; `PBX_NOT_FOUND` when it
 * names anything else.
 *
 * A token without `jti` was issued elsewhere: it is good where its phone system accepts the secret that it is signed with.
 */
export function createAuthenticatePbx(dependencies: {
  readonly directory: Pick<PhoneDirectory, 'pbx' | 'token' | 'tokenUsed'>;
  readonly reader: PbxTokenReader;
  readonly failures: FailureLimiter;
  readonly clock: Clock;
}): AuthenticatePbx {
  const { directory, reader, failures, clock } = dependencies;

  /** A flood of wrong tokens from one address is told to slow down; the right one is still taken from there. */
  function refused(address: string, message: string): AppError {
    const tooMany = failures.failed(address);
    return tooMany
      ? new AppError('TOO_MANY_REQUESTS', 'Too many wrong tokens came from this address.', tooMany)
      : new AppError('PBX_TOKEN_INVALID', message);
  }

  return (token, pbxId, address) => {
    if (token === undefined || token === '') {
      throw refused(address, 'A token is missing: send Authorization: Bearer <token>, or ?token=.');
    }
    const claims = reader.read(token);
    const known = claims && directory.pbx(claims.pbxId);
    const isFromElsewhere = claims !== undefined && claims.id === undefined;
    const issued = claims?.id === undefined ? undefined : directory.token(claims.id);
    const secret = isFromElsewhere ? known?.importedSecret : known?.signingSecret;
    const nowMs = clock.now();
    if (
      !claims ||
      !known ||
      !secret ||
      !claims.isSignedWith(secret) ||
      (!isFromElsewhere && issued?.pbxId !== known.pbx.id) ||
      issued?.revokedAtMs !== undefined ||
      Math.min(issued?.expiresAtMs ?? Infinity, claims.expiresAtMs ?? Infinity) <= nowMs
    ) {
      throw refused(address, 'The token is not valid: make a new one on the page of the phone system.');
    }
    if (issued && !isAllowedAddress(issued.allowedAddresses, address)) {
      throw new AppError('PBX_ADDRESS_NOT_ALLOWED', 'The token may not be used from this address.');
    }
    if (issued) directory.tokenUsed(issued.id, nowMs);
    if (pbxId !== known.pbx.id) {
      const other = pbxId === undefined ? undefined : directory.pbx(pbxId);
      if (other?.pbx.accountId !== known.pbx.accountId) throw unknownPbx();
      throw new AppError('PBX_TOKEN_WRONG_PBX', 'The token is that of another phone system.');
    }
    return known.pbx;
  };
}

/** The same words whether a phone system or org is unknown or somebody else's. */
export const unknownPbx = () =>
  new AppError('PBX_NOT_FOUND', 'There is no phone system with this id and org id among yours.');
