import type { OrgId } from '../domain/ids.ts';
import { isInWindow, readSignature } from '../domain/request-signature.ts';
import type { Clock, PackageKeys, RequestNonces, RequestSigner, SignableRequest } from '../ports.ts';

/** `no-key`: the account of the org has not added the package's secret key. */
export type SignatureVerdict =
  'valid' | 'unsigned' | 'malformed' | 'outside-window' | 'no-key' | 'wrong-signature' | 'replayed';

/**
 * Whether the package in an org signed this request. The nonce is remembered last, so that nobody without the key can use one up or fill
 * the table.
 */
export async function verifyPackageRequest(
  ports: {
    packageKeys: Pick<PackageKeys, 'secretOfOrg'>;
    signer: Pick<RequestSigner, 'isSignedWith'>;
    nonces: RequestNonces;
    clock: Clock;
  },
  request: SignableRequest & {
    readonly orgId: OrgId;
    readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  },
): Promise<SignatureVerdict> {
  const reading = readSignature(request.headers);
  if (reading.kind !== 'signed') return reading.kind;
  const { signature } = reading;
  if (!isInWindow(signature, ports.clock.now())) return 'outside-window';
  const secret = await ports.packageKeys.secretOfOrg(request.orgId);
  if (secret === undefined) return 'no-key';
  if (!ports.signer.isSignedWith(request, signature, secret)) return 'wrong-signature';
  return (await ports.nonces.remember(request.orgId, signature.nonce)) ? 'valid' : 'replayed';
}
