/** The licences of what is shipped, in one file. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { root } from './root.ts'

export interface Licence {
  name: string
  version: string
  /** As its manifest says. */
  kind: string
  /** Of its own files; empty where it brings none. */
  text: string
}

const file = /^(?:licen[cs]e|copying|notice|unlicense)/i

/** Of the packages in these folders, each once. Throws for one that says nothing of its licence. */
export async function licencesOf(folders: readonly string[]): Promise<Licence[]> {
  const found = new Map<string, Licence>()
  for (const folder of folders) {
    const place = path.join(root, folder)
    const manifest = JSON.parse(await readFile(path.join(place, 'package.json'), 'utf8')) as {
      name: string
      version: string
      license?: string | { type: string }
      licenses?: { type: string }[]
    }
    const { name, version, license, licenses } = manifest
    const names = (await readdir(place)).filter(entry => file.test(entry)).sort()
    const texts = await Promise.all(names.map(entry => readFile(path.join(place, entry), 'utf8').catch(() => '')))
    const kind =
      (typeof license === 'string' ? license : license?.type) ?? licenses?.map(({ type }) => type).join(' or ')
    const text = texts.map(each => each.trim()).join('\n\n')
    if (!kind && !text) throw new Error(`${name}@${version} says nothing of its licence`)
    found.set(`${name}@${version}`, { name, version, kind: kind ?? 'see below', text })
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** With the text of a licence at the end, for packages that name it without bringing it. Throws where there is none to be had. */
export async function writeLicences(to: string, licences: readonly Licence[]): Promise<void> {
  const line = '-'.repeat(72)
  const all = [...licences, ...within].sort((a, b) => (a.name < b.name ? -1 : 1))
  const parts = all.map(({ name, version, kind, text }) =>
    [`${name} ${version}`.trim(), `Licence: ${kind}`, ...(text ? ['', text] : [])].join('\n'),
  )
  const needed = new Set(all.filter(({ text }) => text === '').map(one => knownKind(one)))
  const texts: Record<string, string> = {
    MIT: (await readFile(path.join(root, 'LICENSE'), 'utf8')).replace(/^[\s\S]*?(?=Permission is hereby)/, '').trim(),
    'Apache-2.0': licences.find(({ kind, text }) => kind === 'Apache-2.0' && text.length > 10_000)?.text ?? '',
  }
  const appendix = [...needed].sort().map(kind => {
    if (!texts[kind]) throw new Error(`no package brings the text of ${kind}`)
    return `Text of ${kind}, for those above that name it alone\n\n${texts[kind]}`
  })
  const head = 'Cloister contains or brings with it the following works of others.'
  await writeFile(to, `${[head, ...parts, ...appendix].join(`\n\n${line}\n`)}\n`)
}

/** What lies in programs that packages bring, and whose names stand nowhere else. */
const within: Licence[] = [
  { name: 'llama.cpp and ggml (in node-llama-cpp)', version: '', kind: 'MIT', text: '' },
  { name: 'Tesseract (in tesseract.js-core)', version: '', kind: 'Apache-2.0', text: '' },
]

function knownKind({ name, kind }: Licence): string {
  const known = ['MIT', 'Apache-2.0'].find(one => kind.split(' OR ').includes(one))
  if (!known) throw new Error(`${name} brings no text of its licence, ${kind}`)
  return known
}
