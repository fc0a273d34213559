import type { OrgId } from '../domain/ids.ts';
import { readSignature } from '../domain/request-signature.ts';
import type { Clock, PackageKeys, RequestSigner, SignableRequest } from '../ports.ts';

/**
 * The headers that prove to the package that an answer is ours: signed like a request, with the answer as the body. The nonce is the one of
 * the request, so that it answers this request only, and can never be sent back to us as a request of the package: that nonce is used up.
 */
export async function signPackageAnswer(
  ports: {
    packageKeys: Pick<PackageKeys, 'secretOfOrg'>;
    signer: Pick<RequestSigner, 'sign'>;
    clock: Clock;
  },
  request: Omit<SignableRequest, 'body'> & {
    readonly orgId: OrgId;
    readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  },
  body: string,
): Promise<Readonly<Record<string, string>>> {
  const reading = readSignature(request.headers);
  const secret = await ports.packageKeys.secretOfOrg(request.orgId);
  if (reading.kind !== 'signed' || secret === undefined) return {};
  const { method, path } = request;
  const moment = { nowMs: ports.clock.now(), nonce: reading.signature.nonce };
  return ports.signer.sign({ method, path, body }, secret, moment);
}
