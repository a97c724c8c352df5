/** Following a folder on the screen: named, followed, changed, out of reach, let go. */
import { mkdir, mkdtemp, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath } from '../chromium.ts'
import { faults, launch, visit } from './browser.ts'
import { type Served, serve } from './serve.ts'

const why = chromiumPath ? '' : ' (skipped: no Chromium here; CHROMIUM may name one)'

describe.skipIf(!chromiumPath)(`followed folders${why}`, () => {
  let base: string
  let root: string
  let browser: Browser
  let server: Served
  let page: Page & { complaints: string[] }

  beforeAll(async () => {
    base = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-screen-folders-')))
    root = path.join(base, 'Akten')
    await mkdir(path.join(root, 'Entwürfe'), { recursive: true })
    await writeFile(path.join(root, 'miete.txt'), 'Die Miete beträgt 500 Euro.')
    await writeFile(path.join(root, 'leer.txt'), '')
    await writeFile(path.join(root, 'Entwürfe/neu.txt'), 'Noch nichts.')
    server = await serve(path.join(base, 'daten'))
    browser = await launch()
    page = await visit(browser, { locale: 'de-DE' })
    await page.goto(server.url)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await rm(base, { recursive: true, force: true })
  })

  const row = () => page.getByRole('list', { name: 'Ordner, denen dieses Projekt folgt' }).getByRole('listitem')

  it('a folder is named, with what is left out, and looked through', async () => {
    await page.goto(`${server.address}/#/folders`)
    await page.getByText('Dieses Projekt folgt noch keinem Ordner.').waitFor()
    await page.getByRole('button', { name: 'Einem Ordner folgen' }).click()
    await page.getByLabel('Pfad des Ordners').fill(path.join(base, 'fehlt'))
    await page.getByRole('button', { name: 'Folgen', exact: true }).click()
    await page.getByText('ist nicht da').waitFor()
    await page.getByLabel('Pfad des Ordners').fill(root)
    await page.getByLabel('Auslassen').fill('Entwürfe/\n')
    expect(await faults(page)).toEqual([])
    await page.getByRole('button', { name: 'Folgen', exact: true }).click()
    await row().getByText('Auf dem neuesten Stand').waitFor()
    await row().getByText('1 Dokument').first().waitFor()
    expect(await faults(page)).toEqual([])
  })

  it('what happens in it is seen, with what did not work', async () => {
    await page.getByRole('button', { name: '1 Datei mit einem Problem' }).click()
    await page.getByText('leer.txt').waitFor()
    await page.getByText('Die Datei ist leer.').waitFor()
    await page.keyboard.press('Escape')
    await writeFile(path.join(root, 'leer.txt'), 'Der Strom kostet 80 Euro.')
    await row().getByText('2 Dokumente').waitFor()
    await rename(root, `${root}-weg`)
    await row().getByText('Wartet').waitFor()
    await row().getByText('macht Cloister von selbst weiter').waitFor()
    await rename(`${root}-weg`, root)
    await row().getByText('Auf dem neuesten Stand').waitFor()
  })

  it('many files that are missing are asked about', async () => {
    for (let at = 0; at < 30; at++) await writeFile(path.join(root, `${at}.txt`), `Nummer ${at}`)
    await row().getByText('32 Dokumente').waitFor()
    for (let at = 0; at < 25; at++) await rm(path.join(root, `${at}.txt`))
    await row().getByText('25 von 32 Dateien fehlen').waitFor()
    await row().getByText('Wurden sie mit Absicht gelöscht?').waitFor()
    expect(await faults(page)).toEqual([])
    await page.getByRole('button', { name: 'Weiter warten' }).click()
    await row().getByText('Auf dem neuesten Stand').waitFor()
    await row().getByText('Ihre Dokumente bleiben und warten').waitFor()
    await page.getByRole('button', { name: 'Diese Dokumente entfernen' }).click()
    await row().getByText('7 Dokumente').waitFor()
    await row().getByText('Dateien fehlen').waitFor({ state: 'detached' })
  })

  it('it is let go, and its documents are asked about', async () => {
    await page.getByRole('button', { name: 'Nicht mehr folgen' }).click()
    await page.getByRole('button', { name: 'Dokumente in den Papierkorb legen' }).click()
    await page.getByText('Dieses Projekt folgt noch keinem Ordner.').waitFor()
    await page.getByRole('button', { name: 'Dokumente', exact: true }).click()
    await page.getByRole('link', { name: 'Papierkorb' }).click()
    await page.getByText('miete.txt').first().waitFor()
    expect(page.complaints).toEqual([])
  })
})
