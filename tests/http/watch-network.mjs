// Loaded before the program: writes down every connection that is not a Unix socket, and every name that is looked up.
import dns from 'node:dns'
import { appendFileSync } from 'node:fs'
import net from 'node:net'

const file = process.env.NETWORK_WATCH
const note = text => appendFileSync(file, `${text}\n`)
const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args
  if (!options?.path) note(`connect ${JSON.stringify(options)}`)
  return connect.apply(this, args)
}
const { lookup } = dns
dns.lookup = (name, ...rest) => {
  note(`lookup ${name}`)
  return lookup(name, ...rest)
}
note('watching')
