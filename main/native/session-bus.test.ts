import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isOnSessionBus, placesOf, trayName } from './session-bus.ts'

let folder: string
let daemon: ChildProcess | undefined
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-bus-'))
})
afterEach(async () => {
  daemon?.kill()
  daemon = undefined
  await rm(folder, { recursive: true, force: true })
})

test('the address of a bus is found as the specification writes it', () => {
  const of = (named: string | undefined) =>
    placesOf({ DBUS_SESSION_BUS_ADDRESS: named, XDG_RUNTIME_DIR: '/run/user/7' })
  expect(of(undefined)).toEqual(['/run/user/7/bus'])
  expect(of('unix:path=/tmp/a%20b,guid=1f')).toEqual(['/tmp/a b'])
  expect(of('tcp:host=localhost,port=1;unix:abstract=/tmp/dbus-x')).toEqual(['\0/tmp/dbus-x'])
  expect(placesOf({})).toEqual([])
})

test.skipIf(process.platform !== 'linux')('a bus says which names there are', async context => {
  const place = path.join(folder, 'bus')
  daemon = spawn('dbus-daemon', ['--session', '--nofork', '--print-address', `--address=unix:path=${place}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const begun = await Promise.race([once(daemon.stdout!, 'data'), once(daemon, 'error').then(() => undefined)])
  if (!begun && process.env.CI === 'true') throw new Error('CI has no dbus-daemon')
  if (!begun) context.skip('0 of 1 ran: there is no dbus-daemon here')
  const env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${place}` }
  expect(await isOnSessionBus('org.freedesktop.DBus', env)).toBe(true)
  expect(await isOnSessionBus(trayName, env)).toBe(false)
  expect(await isOnSessionBus('org.freedesktop.DBus', { XDG_RUNTIME_DIR: folder })).toBe(true)
})

test.skipIf(process.platform === 'win32')('without one, and with one that says nothing, there is none', async () => {
  expect(await isOnSessionBus(trayName, { XDG_RUNTIME_DIR: folder })).toBe(false)
  expect(await isOnSessionBus(trayName, {})).toBe(false)
  const mute = createServer()
  await new Promise<void>(resolve => mute.listen(path.join(folder, 'bus'), resolve))
  expect(await isOnSessionBus(trayName, { XDG_RUNTIME_DIR: folder }, 50)).toBe(false)
  mute.close()
  const rude = createServer(socket => socket.end('REJECTED\r\n'))
  await new Promise<void>(resolve => rude.listen(path.join(folder, 'rude'), resolve))
  expect(await isOnSessionBus(trayName, { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path.join(folder, 'rude')}` })).toBe(
    false,
  )
  rude.close()
})
