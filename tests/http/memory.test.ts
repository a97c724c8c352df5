import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'

const root = path.join(import.meta.dirname, '../..')

/** What is in a server's memory after it answered: asked of Node itself, at the end. */
const preload = `data:text/javascript,${encodeURIComponent(
  `process.on('exit', () => process.stderr.write('loaded ' + process.moduleLoadList.join(' ') + ' .'))`,
)}`

it('keeps the network client out of an idle server, as long as nobody needs it', async () => {
  const data = await mkdtemp(path.join(tmpdir(), 'cloister-memory-'))
  try {
    const args = ['--import', preload, 'server/main.ts', 'serve', '--json', '--port', '0', '--data', data]
    const server = spawn(process.execPath, args, { cwd: root })
    let errors = ''
    server.stderr.on('data', part => {
      errors += part
    })
    const ended = new Promise(resolve => server.on('close', resolve))
    const { url } = await new Promise<{ url: string }>((resolve, reject) => {
      let output = ''
      server.stdout.on('data', part => {
        output += part
        if (output.includes('\n')) resolve(JSON.parse(output))
      })
      server.on('exit', () => reject(new Error(errors)))
    })
    const { origin, hash } = new URL(url)
    const headers = { authorization: `Bearer ${hash.replace('#token=', '')}`, 'content-type': 'application/json' }
    const projects = `${origin}/api/v1/projects`
    expect((await fetch(projects, { headers })).status).toBe(200)
    const created = await fetch(projects, { method: 'POST', headers, body: JSON.stringify({ name: 'Neu' }) })
    const { id } = (await created.json()) as { id: string }
    const asked = await fetch(`${projects}/${id}/ask`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ question: 'Wie hoch ist die Miete?' }),
    })
    expect(await asked.text()).toContain('event: message\n')
    expect((await fetch(`${projects}/${id}/documents?limit=2`, { headers })).status).toBe(200)
    server.kill('SIGTERM')
    await ended
    expect(errors).toContain('loaded ')
    expect(errors).toContain('NativeModule http')
    expect(errors).not.toContain('internal/deps/undici')
  } finally {
    await rm(data, { recursive: true, force: true, maxRetries: 3 })
  }
})
