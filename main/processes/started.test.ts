import { expect, test } from 'vitest'
import { describeProcesses } from './started.ts'

test('what reads strangers’ files sees nothing of the environment but what Windows needs', () => {
  const given = { SECRETS_KEY: 'secret', SystemRoot: 'C:\\Windows', HOME: undefined }
  const { env } = describeProcesses('/app/server', { env: given, compiled: '/cache' })
  for (const role of ['parser', 'recognizer', 'model'] as const)
    expect(env[role]).toEqual({ SystemRoot: 'C:\\Windows' })
  const server = { SECRETS_KEY: 'secret', SystemRoot: 'C:\\Windows' }
  expect(env.server).toEqual({ ...server, NODE_COMPILE_CACHE: '/cache' })
  expect(describeProcesses('/app/server', { env: given, compiled: undefined }).env.server).toEqual(server)
})
