import { chmod, lstat, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AppError } from '../../shared/errors.ts'
import { isAnswered } from '../../shared/processes/is-answered.ts'

export const firstPort = 3210
/** Ports tried after the first, before the system may choose one. */
const morePorts = 20
/** Of a socket's path, in bytes: 108 on Linux and 104 on macOS hold it with its end. */
const longestSocket = 100

/**
 * Listens and returns the address; whether it may be one that others reach, `demandServerMode` says. Without a port, on 3210 or the next
 * free one.
 * Throws `host-refused`, `port-taken`.
 */
export async function listenOnPort(server: Server, host: string, port: number | undefined): Promise<string> {
  const candidates = port === undefined ? [...Array(morePorts).keys()].map(step => firstPort + step).concat(0) : [port]
  for (const candidate of candidates) {
    try {
      await listening(server, () => server.listen(candidate, host === 'localhost' ? '127.0.0.1' : host))
      const { address, family, port: actual } = server.address() as AddressInfo
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`
    } catch (error) {
      const code = codeOf(error)
      if (code === 'EADDRNOTAVAIL') throw new AppError('host-refused', { host }, { cause: error })
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
      if (port !== undefined) throw new AppError('port-taken', { port }, { cause: error })
    }
  }
  throw new AppError('port-taken', { port: firstPort })
}

/** For its owner alone. Takes the place of a socket that nobody listens on any more. Throws `socket-path`. */
export async function listenOnSocket(server: Server, file: string): Promise<void> {
  const refuse = (detail: string, cause?: unknown) => new AppError('socket-path', { file, detail }, { cause })
  if (process.platform === 'win32') return listening(server, () => server.listen(file))
  if (Buffer.byteLength(file) > longestSocket) throw refuse('name-too-long')
  const there = await lstat(file).catch(() => undefined)
  if (there && !there.isSocket()) throw refuse('taken')
  if (there && (await isAnswered(file))) throw refuse('taken')
  if (there) await rm(file, { force: true })
  // Between its making and its mode, nobody else may connect.
  const before = process.umask(0o177)
  try {
    await listening(server, () => server.listen(file))
    await chmod(file, 0o600)
  } catch (error) {
    const code = codeOf(error)
    throw refuse(code === 'EACCES' || code === 'EPERM' ? 'not-permitted' : code === 'ENOENT' ? 'missing' : code, error)
  } finally {
    process.umask(before)
  }
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      server.off('listening', succeed)
      reject(error)
    }
    const succeed = () => {
      server.off('error', fail)
      resolve()
    }
    server.once('error', fail)
    server.once('listening', succeed)
    listen()
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
