import { describe, expect, test } from 'vitest'
import { hostOf, inRange, isLocalName, isLoopback, isPublic } from './address.ts'

/** RFC 6890 and what came after it, IANA's registries of special addresses for both families. */
const others = {
  'this network': ['0.0.0.0', '0.1.2.3'],
  private: ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255'],
  carrier: ['100.64.0.1', '100.127.255.255'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  'link-local': ['169.254.0.1', '169.254.169.254', 'fe80::1', 'febf::1', 'fe80::1%lo'],
  'site-local': ['fec0::1', 'fc00::1', 'fd12:3456::1'],
  documentation: ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
  benchmarks: ['198.18.0.1', '198.19.255.255', '2001:2::1'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  reserved: ['240.0.0.1', '255.255.255.255', '192.0.0.1', '192.88.99.1', '4000::1', '8000::1', '100::1', '5f00::1'],
  unspecified: ['::'],
  'IPv4 in IPv6': ['::ffff:10.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::7f00:1', '::127.0.0.1', '::ffff:0:a00:1'],
  NAT64: ['64:ff9b::a00:1', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::808:808'],
  tunnels: ['2002:a00:1::1', '2002:7f00:1::', '2001:0:4136:e378::'],
  'no addresses': ['', 'localhost', '1.2', '0x7f000001', '2130706433', '1.2.3.4.5', '[::1]'],
}

describe.each(Object.entries(others))('%s', (_, addresses) => {
  test.each(addresses)('%s is not public', address => expect(isPublic(address)).toBe(false))
})

test.each(['8.8.8.8', '93.184.215.14', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
  '%s is public',
  address => expect(isPublic(address)).toBe(true),
)

test.each(['::ffff:8.8.8.8', '64:ff9b::808:808'])('%s is public, as the address inside of it', address =>
  expect(isPublic(address)).toBe(true),
)

test('this machine is what nobody else can be', () => {
  for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1']) expect(isLoopback(address)).toBe(true)
  for (const address of ['0.0.0.0', '::', '10.0.0.1', 'localhost', '128.0.0.1']) expect(isLoopback(address)).toBe(false)
  for (const name of ['localhost', 'a.localhost']) expect(isLocalName(name)).toBe(true)
  for (const name of ['localhost.example.org', 'notlocalhost', 'local']) expect(isLocalName(name)).toBe(false)
})

test.each([
  ['http://2130706433/', '127.0.0.1'],
  ['http://0x7f.1/', '127.0.0.1'],
  ['http://0177.0.0.01/', '127.0.0.1'],
  ['http://127.1/', '127.0.0.1'],
  ['http://①②⑦.⓪.⓪.①/', '127.0.0.1'],
  ['http://[::ffff:7f00:1]/', '::ffff:7f00:1'],
  ['http://LOCALHOST./', 'localhost'],
  ['http://10.1.2.3./', '10.1.2.3'],
])('%s is %s', (address, host) => expect(hostOf(new URL(address))).toBe(host))

test('ranges hold their own kind alone', () => {
  expect(inRange('10.1.2.3', '10.0.0.0/8')).toBe(true)
  expect(inRange('11.1.2.3', '10.0.0.0/8')).toBe(false)
  expect(inRange('fd00::1', 'fd00::/8')).toBe(true)
  expect(inRange('::1', '0.0.0.0/0')).toBe(false)
  expect(inRange('10.1.2.3', 'nonsense/99')).toBe(false)
})
