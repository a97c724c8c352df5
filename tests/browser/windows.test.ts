/** Many windows of one browser: they share what there is of connections to a server. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import { chromiumPath } from '../chromium.ts'
import { launch } from './browser.ts'
import { type Served, serve } from './serve.ts'

const why = chromiumPath ? '' : ' (skipped: no Chromium here; CHROMIUM may name one)'

describe.skipIf(!chromiumPath)(`eight windows of one browser${why}`, () => {
  let data: string
  let browser: Browser
  let server: Served
  let client: Client
  let projectId: string
  let windows: Page[]

  beforeAll(async () => {
    data = await mkdtemp(path.join(tmpdir(), 'cloister-windows-'))
    server = await serve(data)
    client = createClient({ routes: contract, url: server.address, token: 'the-key-of-the-browser-test' })
    projectId = (await client.projects.list({})).projects[0]?.id ?? ''
    browser = await launch()
    const context = await browser.newContext({ locale: 'en-GB' })
    windows = []
    for (let number = 0; number < 8; number++) {
      const page = await context.newPage()
      page.setDefaultTimeout(20_000)
      await page.goto(number === 0 ? server.url : server.address)
      windows.push(page)
    }
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await rm(data, { recursive: true, force: true })
  })

  const add = (name: string) => client.documents.addText({ projectId, name, text: `What stands in ${name}.` })
  const shown = (name: string) =>
    Promise.all(windows.map(page => page.locator('[data-document]', { hasText: name }).waitFor()))

  it('all start and hear what happens', async () => {
    await Promise.all(windows.map(page => page.getByRole('link', { name: 'Documents', exact: true }).first().click()))
    await add('first.txt')
    await shown('first.txt')
  })

  it('hear it also when the one that reads for all is closed, one after the other', async () => {
    for (const name of ['second.txt', 'third.txt']) {
      await windows.shift()?.close()
      await add(name)
      await shown(name)
    }
  })

  it('read on when the server came back', async () => {
    const { port } = new URL(server.address)
    await server.kill()
    server = await serve(data, { port: Number(port) })
    await add('fourth.txt')
    await shown('fourth.txt')
    expect(windows).toHaveLength(6)
  })
})
