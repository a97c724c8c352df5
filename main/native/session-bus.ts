/**
 * Whether somebody shows the icons of programs on this desktop of Linux: GNOME shows none by itself, and Electron does not tell. The bus of
 * the session knows; what of its protocol that takes is spoken here (https://dbus.freedesktop.org/doc/dbus-specification.html).
 */
import { createConnection, type Socket } from 'node:net'
import path from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

/** By which panels, and GNOME's extensions, say that they show them. */
export const trayName = 'org.kde.StatusNotifierWatcher'
/** Milliseconds: a bus answers in one. */
const patience = 1000

/** Never rejects: without a bus, or with one that says nothing, there is no such name. */
export async function isOnSessionBus(name: string, env: Environment, lateAfter = patience): Promise<boolean> {
  for (const place of placesOf(env)) {
    const answer = await ask(place, name, lateAfter)
    if (answer !== undefined) return answer
  }
  return false
}

/** Sockets, as `net` takes them. */
export function placesOf({ DBUS_SESSION_BUS_ADDRESS: named, XDG_RUNTIME_DIR: folder }: Environment): string[] {
  const addresses = (named ?? '').split(';').flatMap(address => {
    const [transport, rest = ''] = address.split(/:(.*)/s)
    if (transport !== 'unix') return []
    const values = new Map(rest.split(',').map(pair => pair.split(/=(.*)/s) as [string, string]))
    const [file, abstract] = [values.get('path'), values.get('abstract')].map(value => value && unescaped(value))
    return file ? [file] : abstract ? [`\0${abstract}`] : []
  })
  return addresses.length > 0 || !folder ? addresses : [path.join(folder, 'bus')]
}

const unescaped = (value: string) =>
  value.replaceAll(/%([\da-f]{2})/gi, (_, byte: string) => String.fromCharCode(Number.parseInt(byte, 16)))

/** Undefined where nobody answers. */
function ask(place: string, name: string, lateAfter: number): Promise<boolean | undefined> {
  return new Promise(resolve => {
    const socket: Socket = createConnection(place)
    const end = (answer: boolean | undefined) => {
      clearTimeout(late)
      socket.destroy()
      resolve(answer)
    }
    const late = setTimeout(() => end(undefined), lateAfter)
    let received = Buffer.alloc(0)
    let isIn = false
    socket.on('error', () => end(undefined))
    socket.on('close', () => end(undefined))
    socket.on('connect', () => {
      const user = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex')
      socket.write(`\0AUTH EXTERNAL ${user}\r\n`)
    })
    socket.on('data', data => {
      received = Buffer.concat([received, data])
      if (!isIn) {
        const line = received.indexOf('\r\n')
        if (line < 0) return
        if (!received.subarray(0, line).toString().startsWith('OK')) return end(undefined)
        received = received.subarray(line + 2)
        isIn = true
        socket.write('BEGIN\r\n')
        socket.write(Buffer.concat([call(1, 'Hello'), call(2, 'NameHasOwner', name)]))
      }
      for (let message = take(received); message; message = take(received)) {
        received = received.subarray(message.size)
        if (message.isError) return end(undefined)
        if (message.flag !== undefined) return end(message.flag)
      }
    })
  })
}

const bus = 'org.freedesktop.DBus'

/** Of the bus itself, with at most one string. */
function call(serial: number, member: string, argument?: string): Buffer {
  const body = argument === undefined ? Buffer.alloc(0) : text(argument)
  const fields = [
    field(1, 'o', text('/org/freedesktop/DBus')),
    field(2, 's', text(bus)),
    field(3, 's', text(member)),
    field(6, 's', text(bus)),
    ...(argument === undefined ? [] : [field(8, 'g', signature('s'))]),
  ]
  // Each begins at a multiple of eight; the last one's padding does not count.
  const array = Buffer.concat(fields.map((each, index) => (index < fields.length - 1 ? padded(each) : each)))
  const head = Buffer.alloc(16)
  // Little-endian, a call, no flags, the protocol's version.
  head.set([0x6c, 1, 0, 1])
  head.writeUInt32LE(body.length, 4)
  head.writeUInt32LE(serial, 8)
  head.writeUInt32LE(array.length, 12)
  return Buffer.concat([padded(Buffer.concat([head, array])), body])
}

const field = (code: number, type: string, value: Buffer) =>
  Buffer.concat([Buffer.from([code]), signature(type), value])

function text(value: string): Buffer {
  const bytes = Buffer.from(`${value}\0`)
  const size = Buffer.alloc(4)
  size.writeUInt32LE(bytes.length - 1)
  return Buffer.concat([size, bytes])
}

const signature = (types: string) => Buffer.concat([Buffer.from([types.length]), Buffer.from(`${types}\0`)])
const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 7)])

/** The first message, if all of it is there. `flag`: of an answer that is one, as ours to the second call alone. */
function take(bytes: Buffer): { size: number; isError: boolean; flag: boolean | undefined } | undefined {
  if (bytes.length < 16) return undefined
  const number = (at: number) => (bytes[0] === 0x6c ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const length = number(4)
  const begin = 16 + ((number(12) + 7) & ~7)
  if (bytes.length < begin + length) return undefined
  return {
    size: begin + length,
    isError: bytes[1] === 3,
    flag: bytes[1] === 2 && length === 4 ? number(begin) === 1 : undefined,
  }
}
