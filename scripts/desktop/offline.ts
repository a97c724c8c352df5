/**
 * `npm run pack:offline -- DIR [--installer FILE]… [--model NAME]… [--no-models] [--data DIR]`: everything for a machine without a network, in
 * a folder, which may be a stick. `--verify DIR` reads such a folder again.
 */
import { spawn } from 'node:child_process'
import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { de } from '../../shared/messages/de.ts'
import { en } from '../../shared/messages/en.ts'
import type { Messages } from '../../shared/messages/index.ts'
import { modelsFolder, verifyOfflinePack, writeSums } from '../../shared/models/offline-pack.ts'
import { root } from './root.ts'

export interface OfflineRequest {
  folder: string
  installers: readonly string[]
  /** By name; without any, all that the library has. Undefined: none. */
  models: readonly string[] | undefined
  data?: string
}

/** Which files are in it. What is there already is written again. */
export async function packOffline({ folder, installers, models, data }: OfflineRequest): Promise<string[]> {
  for (const file of installers) {
    if (!(await stat(file).catch(() => undefined))?.isFile()) throw new Error(`${file} is no file`)
  }
  await mkdir(path.join(folder, 'installers'), { recursive: true })
  for (const file of installers) await copyFile(file, path.join(folder, 'installers', path.basename(file)))
  await mkdir(path.join(folder, 'ocr'), { recursive: true })
  for (const language of ['deu', 'eng']) {
    const manifest = createRequire(import.meta.url).resolve(`@tesseract.js-data/${language}/package.json`)
    const name = `${language}.traineddata.gz`
    await copyFile(path.join(path.dirname(manifest), '4.0.0_best_int', name), path.join(folder, 'ocr', name))
  }
  if (models)
    await cloister(['models', 'pack', ...(data ? ['--data', data] : []), path.join(folder, modelsFolder), ...models])
  await writeFile(path.join(folder, 'README.txt'), english)
  await writeFile(path.join(folder, 'LIESMICH.txt'), german)
  return writeSums(folder)
}

/** The product's own command, with its checks and its words. */
async function cloister(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [path.join(root, 'server/main.ts'), ...args], { stdio: ['ignore', 2, 2] })
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  if (code !== 0) throw new Error(`models pack ended with ${String(code)}`)
}

/** Through the menu, as it is written there. */
const wayTo = ({ desktop: { menu } }: Messages) =>
  [menu.file.replaceAll('&', ''), menu.data, menu.takeModels].join(' › ')

const english = `Cloister for a computer without a network

1. Check that everything arrived whole. Linux: sha256sum -c SHA256SUMS. macOS: shasum -a 256 -c SHA256SUMS.
   Windows (PowerShell): Get-FileHash FILE, and compare with the line in SHA256SUMS.
   This finds what broke on the way. Who could change the stick could change the list as well: the installers are
   therefore signed by those who make Cloister, which Windows and macOS check when they are opened.
2. Install: installers/ holds the program for your system.
3. Take over the models: in the menu of Cloister, choose ${wayTo(en)}, and then this folder;
   the page Models offers the same. Or run
   cloister models unpack FOLDER
   Every file is read and compared first; one that is damaged is named, and nothing is taken.

ocr/ holds the data for reading scanned pages. The installers bring the same with them; it lies here for installations
that were put together otherwise.
`

const german = `Cloister für einen Rechner ohne Netz

1. Prüfen Sie, ob alles unbeschädigt angekommen ist. Linux: sha256sum -c SHA256SUMS. macOS: shasum -a 256 -c SHA256SUMS.
   Windows (PowerShell): Get-FileHash DATEI, und mit der Zeile in SHA256SUMS vergleichen.
   Das findet, was unterwegs kaputtging. Wer den Stick verändern konnte, konnte auch die Liste verändern: Die
   Installationsprogramme sind deshalb von denen unterschrieben, die Cloister machen; Windows und macOS prüfen das beim Öffnen.
2. Installieren: In installers/ liegt das Programm für Ihr System.
3. Modelle übernehmen: Wählen Sie im Menü von Cloister ${wayTo(de)} und dann diesen Ordner;
   die Seite „Modelle“ bietet dasselbe an. Oder starten Sie
   cloister models unpack ORDNER
   Jede Datei wird zuerst gelesen und verglichen; eine beschädigte wird genannt, und nichts wird übernommen.

In ocr/ liegen die Daten zum Lesen eingescannter Seiten. Die Installationsprogramme bringen sie schon mit; hier liegen sie
für Installationen, die anders zusammengestellt wurden.
`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      installer: { type: 'string', multiple: true },
      model: { type: 'string', multiple: true },
      'no-models': { type: 'boolean' },
      data: { type: 'string' },
      verify: { type: 'boolean' },
    },
  })
  const [given, ...more] = positionals
  if (given === undefined || more.length > 0)
    throw new Error('pack:offline -- DIR [--installer FILE]… [--model NAME]… [--no-models] [--data DIR] [--verify]')
  // npm changes the working directory; the user stands elsewhere.
  const here = (name: string) => path.resolve(process.env.INIT_CWD ?? process.cwd(), name)
  const folder = here(given)
  const names = values.verify
    ? await verifyOfflinePack(folder)
    : await packOffline({
        folder,
        installers: (values.installer ?? []).map(here),
        models: values['no-models'] ? undefined : (values.model ?? []),
        ...(values.data !== undefined && { data: here(values.data) }),
      })
  process.stdout.write(`${folder}: ${names.length} files, ${values.verify ? 'all as they were' : 'with SHA256SUMS'}\n`)
}

if (import.meta.main) {
  try {
    await main()
  } catch (error) {
    const { code, message, values } = error as Error & { code?: string; values?: { name?: string } }
    process.stderr.write(`${values?.name ? `${values.name}: ` : ''}${code === undefined ? message : code}\n`)
    process.exit(1)
  }
}
