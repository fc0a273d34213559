import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { SealKey } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Sealer } from '../ports.ts';

const ivBytes = 12;
const tagBytes = 16;

/** AES-256-GCM with the key's id in front (`id:base64url`) and the row's identity as associated data: the first key seals, all open. */
export function createSealer(keys: readonly SealKey[]): Sealer {
  const [first] = keys;
  if (!first)
    throw new AppError(
      'CONFIGURATION_INVALID',
      'TRUNKLINE_KEYS is missing: set at least one key, id:base64 of 32 bytes.',
    );
  // A key object is prepared once; bare bytes at each use, which takes longer than what they are used for.
  const byId = new Map(keys.map(({ id, key }) => [id, createSecretKey(key)]));
  const firstKey = createSecretKey(first.key);
  const hashKey = createSecretKey(
    Buffer.from(hkdfSync('sha256', first.key, Buffer.alloc(0), 'trunkline keyed hash', 32)),
  );
  return {
    seal(plain, context) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', firstKey, iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${first.id}:${body.toString('base64url')}`;
    },
    open(sealed, context) {
      const [id = '', encoded = ''] = sealed.split(':');
      const key = byId.get(id);
      const body = Buffer.from(encoded, 'base64url');
      if (!key || body.length < ivBytes + tagBytes) throw unreadable();
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, ivBytes)).setAAD(Buffer.from(context));
        decipher.setAuthTag(body.subarray(body.length - tagBytes));
        return (
          decipher.update(body.subarray(ivBytes, body.length - tagBytes), undefined, 'utf8') + decipher.final('utf8')
        );
      } catch {
        throw unreadable();
      }
    },
    keyedHash: (value) => createHmac('sha256', hashKey).update(value).digest('base64url'),
  };
}

const unreadable = () =>
  new AppError(
    'STORED_SECRET_UNREADABLE',
    'A stored secret cannot be opened: TRUNKLINE_KEYS lacks the key that sealed it, or the row was changed.',
  );
