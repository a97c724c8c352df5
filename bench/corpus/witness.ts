/** Other programs that read the same files, and share no code with ours. Each may be absent. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { textContent } from 'domutils'
import { parseDocument } from 'htmlparser2'
import type { Witness } from './odd.ts'

const run = promisify(execFile)
const limits = { maxBuffer: 1 << 28, timeout: 60_000, killSignal: 'SIGKILL' } as const

async function isThere(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    error => (error as { code?: unknown }).code !== 'ENOENT',
  )
}

/** Poppler; undefined where it is not installed. */
export async function openPdftotext(): Promise<Witness | undefined> {
  if (!(await isThere('pdftotext', ['-v']))) return undefined
  return async file => {
    const result = await run('pdftotext', ['-enc', 'UTF-8', file, '-'], limits).catch(() => undefined)
    return result?.stdout
  }
}

/** What LibreOffice makes of each kind: formats in which all of the text stands. */
const targets: Record<string, string> = {
  docx: 'txt:Text (encoded):UTF8',
  odt: 'txt:Text (encoded):UTF8',
  rtf: 'txt:Text (encoded):UTF8',
  html: 'txt:Text (encoded):UTF8',
  pptx: 'pdf',
  odp: 'pdf',
  xlsx: 'html',
  ods: 'html',
}

export const officeKinds = Object.keys(targets)

/**
 * LibreOffice without a screen, with a profile of its own: a second or more a file, so what it made is kept in `cache` by
 * the bytes of the file. Undefined where it is not installed.
 */
export async function openLibreOffice(cache?: string): Promise<(Witness & AsyncDisposable) | undefined> {
  if (!(await isThere('soffice', ['--version']))) return undefined
  const scratch = await mkdtemp(path.join(tmpdir(), 'cloister-bench-soffice-'))
  const kept = cache ?? path.join(scratch, 'cache')
  await mkdir(kept, { recursive: true })
  const pdftotext = await openPdftotext()

  async function convert(file: string, extension: string): Promise<string | undefined> {
    const target = targets[extension]
    const made = await mkdtemp(path.join(scratch, 'made-'))
    const profile = `-env:UserInstallation=file://${path.join(scratch, 'profile')}`
    const args = [profile, '--headless', '--convert-to', target, '--outdir', made, file]
    await run('soffice', args, limits).catch(() => undefined)
    const [name] = (await readdir(made)).filter(one => /\.(?:txt|html|pdf)$/.test(one))
    if (name === undefined) return undefined
    const output = path.join(made, name)
    if (target === 'pdf') return pdftotext?.(output)
    const text = await readFile(output, 'utf8')
    if (target === 'html') return tableText(text)
    // It leaves out what a browser shows above the page.
    const title = extension === 'html' ? /<title[^>]*>([^<]*)/i.exec(await readFile(file, 'utf8'))?.[1] : undefined
    return title === undefined ? text : `${title}\n${text}`
  }

  const witness = async (file: string): Promise<string | undefined> => {
    const extension = path.extname(file).slice(1).toLowerCase()
    if (!(extension in targets)) return undefined
    const hash = createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
    const entry = path.join(kept, `${hash}.${extension}.txt`)
    const known = await readFile(entry, 'utf8').catch(() => undefined)
    if (known !== undefined) return known === '' ? undefined : known
    const text = await convert(file, extension)
    await writeFile(entry, text ?? '')
    return text
  }
  return Object.assign(witness, {
    [Symbol.asyncDispose]: () => rm(scratch, { recursive: true, force: true, maxRetries: 3 }),
  })
}

/** Cells of a page that LibreOffice wrote: without its head, its list of sheets and their names, which it gives only of several. */
function tableText(html: string): string {
  const body = html
    .replace(/^[\s\S]*?<body[^>]*>/i, '')
    .replace(/^[\s\S]*?(?=<a name="table0">)/i, '')
    .replace(/<h1>[\s\S]*?<\/h1>/gi, ' ')
    .replace(/<\/(?:td|p|h\d|a|font|tr)>|<br[^>]*>/gi, ' $&')
  return textContent(parseDocument(body.replaceAll(/<(?:style|script)[\s\S]*?<\/(?:style|script)>/gi, '')))
}
