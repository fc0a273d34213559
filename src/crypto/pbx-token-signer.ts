import { SignJWT } from 'jose';
import type { PbxTokenSigner } from '../ports.ts';

/** HS256 with the phone system's own secret; `iss` and `aud` as its users know them, `jti` so that one can be revoked singly. */
export const pbxTokenSigner: PbxTokenSigner = {
  sign({ id, pbxId, issuedAtMs, expiresAtMs }, signingSecret) {
    const jwt = new SignJWT()
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer('ACDPt')
      .setAudience(pbxId)
      .setJti(id)
      .setIssuedAt(new Date(issuedAtMs));
    if (expiresAtMs !== undefined) jwt.setExpirationTime(new Date(expiresAtMs));
    return jwt.sign(signingSecret);
  },
};
