import { expect, it } from 'vitest';
import { maskUrl } from '../../src/logger.ts';
import { localPath } from '../../web/routes/sign-in.ts';

const token = 'eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJBQ0RQdCJ9.c2ln';

it.each([
  [
    `/api/ExtNo/47EC1B-B70D69-818AE600DA0000000BhM2MAK/?callerid=%2B4930231250&token=${token}`,
    '/api/ExtNo/47EC1B-B70D69-818AE600DA0000000BhM2MAK/?callerid=***&token=***',
  ],
  [`/api/health/47EC1B-B70D69-818AE6?%74oken=${token}`, '/api/health/47EC1B-B70D69-818AE6?***'],
  ['/lookup-runs?number=%2B4930231250', '/lookup-runs?number=***'],
  ['/sign-in?next=%2Flookup-runs%3Fnumber%3D%252B4930231250', '/sign-in?next=***'],
  ['/api/ExtNo/x/+4930231250', '/api/ExtNo/x/***'],
  [`/api/ExtNo/${token}`, '/api/ExtNo/***'],
  ['/assets/portal.css', '/assets/portal.css'],
  ['/', '/'],
])('logs of %s nothing but words and ids', (url, masked) => {
  expect(maskUrl(url)).toBe(masked);
});

it.each(['//evil.example', '/..//evil.example', '/.//evil.example', '/\\evil.example', 'https://evil.example/', '/'])(
  'leads from sign-in to no other host by %s',
  (next) => {
    expect(localPath(next, 'http://localhost:3000')).toBe('/salesforce-connection');
  },
);
