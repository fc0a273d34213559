import { expect, it } from 'vitest';
import { splitPbxAndOrg, toId18, toOrgId, toTripletId, tripletId } from '../../src/domain/ids.ts';

it.each([
  ['003J800000DeOXj', 'IAN'],
  ['0032o00003WauzJ', 'AAR'],
  ['00D260000001G7l', 'EAE'],
  ['00526000004wk0w', 'AAA'],
  ['01p580000090wqc', 'AAA'],
  ['0GQ4H000000CxSz', 'WAK'],
  ['00DA0000000BhM2', 'MAK'],
])('adds to %s the checksum %s', (id15, checksum) => {
  expect(toId18(id15)).toBe(id15 + checksum);
});

it('refuses an id whose checksum is of another, and what is no id', () => {
  expect(toId18('00D24000000HxH6SQA')).toBeUndefined();
  expect(toId18('00D24000000HxH6')).toBe('00D24000000HxH6EAK');
  expect(toOrgId('003J800000DeOXj')).toBeUndefined();
  expect(toOrgId('')).toBeUndefined();
});

it('reads a PBX id in any case, and nothing else', () => {
  expect(toTripletId('47ec1b-b70d69-818ae6')).toBe('47EC1B-B70D69-818AE6');
  expect(toTripletId('E0SE26-51A3C0-65B267')).toBeUndefined();
  expect(tripletId(new Uint8Array([0x47, 0xec, 0x1b, 0xb7, 0x0d, 0x69, 0x81, 0x8a, 0xe6]))).toBe(
    '47EC1B-B70D69-818AE6',
  );
});

it('splits a path segment at the twentieth character, with either length of org id', () => {
  const expected = { pbxId: '47EC1B-B70D69-818AE6', orgId: '00DA0000000BhM2' };
  expect(splitPbxAndOrg('47EC1B-B70D69-818AE600DA0000000BhM2')).toEqual(expected);
  expect(splitPbxAndOrg('47ec1b-b70d69-818ae600DA0000000BhM2MAK')?.orgId).toBe('00DA0000000BhM2MAK');
  expect(splitPbxAndOrg('47EC1B-B70D69-818AE6')).toBeUndefined();
  expect(splitPbxAndOrg('47EC1B-B70D69-818AE6-0DA0000000BhM2')).toBeUndefined();
});
