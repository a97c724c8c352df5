/** Which addresses are whose. Hosts come as `URL` writes them: every odd way to write a number of IPv4 is plain by then. */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** What IANA has given out of IPv6 for the public network; ipaddr.js calls everything else it does not know so too. */
const globalUnicast = ipaddr.IPv6.parse('2000::')
/** RFC 6052: the well-known prefix. The one of RFC 8215 (`64:ff9b:1::/48`) is for networks of one's own. */
const translated = ipaddr.IPv6.parse('64:ff9b::')

/**
 * Whether the address belongs to the public network: not this machine, not a network of one's own, not a carrier's, and none
 * of the ranges kept for something else. An IPv4 address inside of one of IPv6 (mapped, or translated by NAT64, as in
 * networks without IPv4) is taken for itself. What is no address is not public.
 */
export function isPublic(address: string): boolean {
  const parsed = parse(address)
  if (!parsed) return false
  if (parsed instanceof ipaddr.IPv4) return parsed.range() === 'unicast'
  if (parsed.match(translated, 96)) return isPublic(new ipaddr.IPv4(parsed.toByteArray().slice(12)).toString())
  return parsed.range() === 'unicast' && parsed.match(globalUnicast, 3)
}

/** Whether it is this machine, and no other one can be meant: `0.0.0.0` is not. */
export function isLoopback(address: string): boolean {
  return parse(address)?.range() === 'loopback'
}

/** An address as a host, without the brackets of IPv6; undefined for a name. */
export function addressOf(host: string): string | undefined {
  return isIP(host) === 0 ? undefined : host
}

/** `localhost` and what is below it is this machine (RFC 6761); nobody is asked for it. */
export function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost')
}

/** Whether the address lies in a range such as `10.0.0.0/8`; false where either is none. */
export function inRange(address: string, range: string): boolean {
  const parsed = parse(address)
  if (!parsed || !ipaddr.isValidCIDR(range)) return false
  const [start, bits] = ipaddr.parseCIDR(range)
  return parsed.kind() === start.kind() && parsed.match(start, bits)
}

/** The host of an address of the web, as names are compared: without brackets, and without the dot of the root. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
}

function parse(address: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  return isIP(address) === 0 ? undefined : ipaddr.process(address)
}
