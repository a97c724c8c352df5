/** The real command line, as a process, on files of our own. */
import { existsSync } from 'node:fs'
import { chmod, mkdir, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { writeMail } from '../scripts/fixtures/eml.ts'
import { writeZip } from '../scripts/fixtures/zip.ts'
import { type PdfPage, writePdf } from '../scripts/write-pdf.ts'
import { isReading, makePlace, type Place, root } from './run-cli.ts'
import { until } from './until.ts'

interface FileJson {
  file: string
  state: string
  pages: number | null
  chunks: number
  seconds: number
  reason: { code: string; text: string } | null
}
interface AnswerJson {
  answer: string
  mode: string
  citations: { file: string; page: number | null; where: unknown; quote: string; rects: number[][] }[]
  files?: FileJson[]
}
interface DocumentsJson {
  documents: { id: string; file: string; state: string }[]
}
interface ErrorJson {
  error: { code: string; text: string }
}

const samples = path.join(root, 'samples')
const notice = 'Wie lange ist die Kündigungsfrist?'
const noticeQuote = 'Die Kündigungsfrist beträgt für den Mieter drei Monate zum Ende eines Kalendermonats.'

let place: Place
beforeAll(async () => {
  place = await makePlace()
  await mkdir(path.join(place.folder, 'akten/2024'), { recursive: true })
  await writeFile(path.join(place.folder, 'akten/b.txt'), 'Die Garantie des Wasserkochers endet nach zwei Jahren.\n')
  await writeFile(path.join(place.folder, 'akten/2024/a.md'), '# Strom\n\nDer Zähler hat die Nummer 4711-88.\n')
  await writeFile(
    path.join(place.folder, 'akten/kopie.txt'),
    'Die Garantie des Wasserkochers endet nach zwei Jahren.\n',
  )
  await writeFile(path.join(place.folder, 'akten/.versteckt.txt'), 'geheim\n')
  await writeFile(path.join(place.folder, 'akten/brief.mp4'), 'PK')
  await writeFile(path.join(place.folder, 'akten/leer.txt'), '')
  await symlink('b.txt', path.join(place.folder, 'akten/verweis.txt'))
})
afterAll(() => place.remove())

/** npm keeps a cache of its own in the temporary folder. */
async function temporaryLibraries(): Promise<string[]> {
  return (await readdir(place.temporary)).filter(name => name.startsWith('cloister-'))
}

/** A PDF that takes some seconds to read, so that there is a middle to interrupt. */
async function writeLongPdf(name: string): Promise<void> {
  const pages: PdfPage[] = Array.from({ length: 160 }, (_, number) => ({
    texts: Array.from({ length: 40 }, (_, line) => ({
      x: 60,
      y: 60 + line * 18,
      text:
        number === 149 && line === 3
          ? 'Die Werkstatt in Passau hat der Schreiner Huber gebaut.'
          : `Auf Blatt ${number + 1}, Zeile ${line + 1}, steht der Messwert ${number * 40 + line} in Millimetern.`,
    })),
  }))
  await writeFile(path.join(place.folder, name), writePdf({ pages }))
}

describe('ask', () => {
  test('answers from the samples with quotes and places, as the README says, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await place.run(['ask', samples, notice], { language: 'de', npm: true })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.split('\n')[0]).toMatch(
      /^\[1\] „Die Kündigungsfrist beträgt für den Mieter drei Monate zum Ende eines Kalendermonats.“ — mietvertrag\.md, .*§ 5 Kündigung, Zeile \d+$/,
    )
    expect(await temporaryLibraries()).toEqual([])
    expect((await readdir(path.join(place.folder, 'home'))).filter(name => name !== '.npm')).toEqual([])
  })

  test('as JSON: the pages of a PDF with rectangles, where the text of a Markdown file stands', async () => {
    const two = ['hygieneplan.pdf', 'mietvertrag.md']
    const both = two.map(name => path.join(samples, name))
    const pdf = await place.json<AnswerJson>(['ask', ...both, 'Wie lange dauert die hygienische Händedesinfektion?'])
    expect(pdf).toMatchObject({ code: 0, mode: 'quotes' })
    expect(pdf.citations[0]).toEqual({
      file: 'hygieneplan.pdf',
      page: 1,
      where: null,
      quote: 'Die hygienische Händedesinfektion dauert 30 Sekunden.',
      rects: [expect.arrayContaining([expect.any(Number)])],
    })
    // It is the first paragraph, at the left edge: what the writer of the sample put there.
    const [left, top, right, bottom] = pdf.citations[0].rects[0]
    expect([Math.abs(left - 70) < 3, top > 120 && bottom < 180, right < 400]).toEqual([true, true, true])
    expect(pdf.files?.map(({ file, state }) => [file, state])).toEqual(two.map(file => [file, 'ready']))

    const text = await place.json<AnswerJson>(['ask', path.join(samples, 'mietvertrag.md'), notice])
    const lines = (await readFile(path.join(samples, 'mietvertrag.md'), 'utf8')).split('\n')
    const line = lines.findIndex(candidate => candidate.includes(noticeQuote)) + 1
    expect(text.citations.find(({ quote }) => quote === noticeQuote)).toEqual({
      file: 'mietvertrag.md',
      page: null,
      where: {
        headings: ['Mietvertrag über Wohnraum', '§ 5 Kündigung'],
        segment: 1,
        span: { unit: 'line', first: line, last: line },
        cells: null,
      },
      quote: noticeQuote,
      rects: [],
    })
  })

  test('a declined answer and a refused file are outcomes; a missing path is a failure', async () => {
    const declined = await place.json<AnswerJson>(['ask', 'akten/b.txt', 'Wer gewann 1998 das Finale im Tennis?'])
    expect(declined).toMatchObject({ code: 0, mode: 'declined', citations: [] })
    const some = await place.json<AnswerJson>([
      'ask',
      'akten',
      'nirgends',
      'Wann endet die Garantie des Wasserkochers?',
    ])
    expect(some.code).toBe(1)
    expect(some.files?.find(({ file }) => file === 'nirgends')).toMatchObject({
      state: 'failed',
      reason: { code: 'file-missing' },
    })
    expect(some.files?.filter(({ state }) => state === 'failed').map(({ file }) => file)).toEqual([
      'brief.mp4',
      'leer.txt',
      'nirgends',
    ])
    const none = await place.json<ErrorJson>(['ask', 'nirgends', notice], { language: 'de' })
    expect(none).toEqual({
      code: 1,
      error: { code: 'file-missing', text: 'Diese Datei oder diesen Ordner gibt es nicht: nirgends' },
    })
  })
})

describe('usage', () => {
  test('help in the language of the locale, and every command is in it', async () => {
    const { code, stdout } = await place.run(['--help'], { language: 'de' })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Aufruf: cloister/)
    for (const name of ['ask', 'ingest', 'search', 'chat', 'documents', 'projects', 'eval', 'doctor']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'))
    }
    expect((await place.run(['documents', 'list', '--help'])).stdout).toContain('--data <dir>')
  })

  test.each([
    [['nonsense'], /There is no command “nonsense”/],
    [['ask', '--colour', 'samples', 'Why?'], /There is no option --colour/],
    [['ask', 'akten'], /The question is missing/],
    [['ask', 'What is this?'], /Say which files or folders/],
    [['search', '--limit', '0', 'x'], /--limit must be a whole number/],
    [['ingest'], /Something is missing/],
  ])('%j is refused with code 2', async (args, message) => {
    const { code, stdout, stderr } = await place.run(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
  })

  test('also as JSON', async () => {
    expect(await place.json<ErrorJson>(['chat'])).toMatchObject({ code: 2, error: { code: 'usage' } })
  })
})

describe('a library', () => {
  const data = ['--data', 'bibliothek']
  const inFolder = (...names: string[]) => path.join(place.folder, 'bibliothek', ...names)
  const documents = async (verb: string, ...names: string[]) =>
    place.json<DocumentsJson>(['documents', verb, ...names, ...data])

  test('ingest: every file in order with its state and reason; what is known is skipped', async () => {
    const first = await place.json<{ files: FileJson[] }>(['ingest', 'akten', ...data])
    expect(first.files.map(({ file, state, reason }) => [file, state, reason?.code ?? null])).toEqual([
      ['.versteckt.txt', 'skipped', 'hidden-file'],
      ['2024/a.md', 'ready', null],
      ['b.txt', 'ready', null],
      ['brief.mp4', 'failed', 'unsupported-type'],
      ['kopie.txt', 'skipped', 'duplicate'],
      ['leer.txt', 'failed', 'empty-file'],
      ['verweis.txt', 'skipped', 'symbolic-link'],
    ])
    expect(first.code).toBe(0)
    expect(first.files[1]).toMatchObject({ pages: null, chunks: 1, seconds: expect.any(Number) })
    expect((await stat(inFolder())).mode & 0o777).toBe(0o700)

    const again = await place.run(['ingest', ...data, 'akten/b.txt', path.join(samples, 'hygieneplan.pdf')], {
      language: 'de',
    })
    expect(again.code).toBe(0)
    expect(again.stdout.split('\n').sort()).toEqual([
      '',
      '– b.txt  übersprungen: Liegt in diesem Projekt schon als „b.txt“.',
      expect.stringMatching(/^✓ hygieneplan\.pdf {2}2 Seiten, \d+ Textstellen, \d+,\d s$/),
    ])
    expect(again.stderr).toBe('2 Dateien: 1 fertig, 1 übersprungen\n')
  })

  test('search finds numbers exactly, with file and place', async () => {
    const { passages } = await place.json<{ passages: Record<string, unknown>[] }>(['search', ...data, '4711-88'])
    expect(passages).toHaveLength(1)
    expect(passages[0]).toEqual({
      file: '2024/a.md',
      page: null,
      where: { headings: expect.any(Array), segment: 1, span: expect.any(Object), cells: null },
      text: expect.stringContaining('Der Zähler hat die Nummer 4711-88.'),
      score: expect.any(Number),
    })
    expect((await place.run(['search', ...data, 'Quarzuhr'])).stdout).toBe('Nothing found.\n')
  })

  test('chat: questions from a pipe, a follow-up refers back', async () => {
    const input = 'Wann endet die Garantie des Wasserkochers?\nUnd die Nummer des Zählers?\n/nonsense\n/quit\nnever\n'
    const { code, stdout } = await place.run(['chat', ...data], { language: 'de', input })
    expect(code).toBe(0)
    expect(stdout).toContain('[1] „Die Garantie des Wasserkochers endet nach zwei Jahren.“ — b.txt, Zeile 1')
    expect(stdout).toContain('Der Zähler hat die Nummer 4711-88.')
    expect(stdout).toContain('„/nonsense“ gibt es nicht.')
    expect(stdout).not.toContain('never')
  })

  test('documents: list, show with receipt, delete, trash, undo, purge; by path, name, id and its beginning', async () => {
    const list = await documents('list')
    expect(list.documents.map(({ file, state }) => [file, state])).toEqual([
      ['2024/a.md', 'ready'],
      ['b.txt', 'ready'],
      ['hygieneplan.pdf', 'ready'],
    ])
    const [meter, guarantee, plan] = list.documents
    const shown = await place.json(['documents', 'show', 'hygieneplan.pdf', ...data])
    expect(shown).toMatchObject({ document: { id: plan.id, pages: 2 }, receipt: { pages: 2, pagesWithoutText: [] } })

    expect((await documents('delete', 'a.md')).documents).toMatchObject([
      { id: meter.id, deletedAt: expect.any(String) },
    ])
    expect((await place.run(['search', ...data, '4711-88'])).stdout).toBe('Nothing found.\n')
    expect((await documents('trash')).documents.map(({ id }) => id)).toEqual([meter.id])
    expect((await documents('undo', meter.id)).documents).toMatchObject([{ id: meter.id, state: 'ready' }])
    expect((await place.json<{ passages: unknown[] }>(['search', ...data, '4711-88'])).passages).toHaveLength(1)

    expect(await place.json<ErrorJson>(['documents', 'show', meter.id.slice(0, 4), ...data])).toMatchObject({
      code: 1,
      error: { code: 'document-ambiguous' },
    })
    // Nobody can be asked here.
    const unasked = await place.run(['documents', 'purge', guarantee.id, ...data])
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('--yes')])
    expect(await documents('purge', guarantee.id, '--yes')).toMatchObject({
      documents: [{ file: 'b.txt', state: 'purged' }],
    })
    expect(await place.json<ErrorJson>(['documents', 'delete', 'b.txt', ...data])).toMatchObject({
      code: 1,
      error: { code: 'document-not-found' },
    })
    const refused = await place.run(['documents', 'resume', 'a.md', ...data], { language: 'de' })
    expect([refused.code, refused.stderr]).toEqual([1, 'Das passt gerade nicht zu „a.md“; der Zustand ist: fertig.\n'])
  })

  test('projects are libraries of their own', async () => {
    expect((await place.run(['projects', 'create', 'Zweites', ...data])).code).toBe(0)
    const other = [...data, '--project', 'Zweites']
    expect((await place.run(['ingest', 'akten/b.txt', ...other])).code).toBe(0)
    expect((await place.run(['search', ...other, '4711-88'])).stdout).toBe('Nothing found.\n')
    const { projects } = await place.json<{ projects: { name: string; documents: number }[] }>([
      'projects',
      'list',
      ...data,
    ])
    expect(projects).toMatchObject([{ documents: 2 }, { name: 'Zweites', documents: 1 }])
    expect((await place.run(['projects', 'delete', 'Zweites', ...data])).stdout).toBe('Deleted: Zweites\n')
    expect((await place.run(['search', ...other, 'x'])).code).toBe(1)
  })

  test('ingest and ask wait for what lies in mails and archives, count it and name what failed', async () => {
    const letter = writeMail({
      subject: 'Unterlagen',
      text: 'Im Anhang.',
      parts: [{ name: 'frist.txt', type: 'text/plain', bytes: `${noticeQuote}\n` }],
    })
    // More than a page of a list.
    const many = Array.from({ length: 110 }, (_, at) => ({ name: `notiz-${at}.txt`, bytes: `Notiz ${at} zum Haus.\n` }))
    const rest = [
      { name: 'kaputt.pdf', bytes: '%PDF-1.7\n%%EOF' },
      { name: 'brief.eml', bytes: letter },
    ]
    await writeFile(path.join(place.folder, 'alles.zip'), writeZip([...many, ...rest]))
    await writeFile(path.join(place.folder, 'wenig.zip'), writeZip([...many.slice(0, 10), ...rest]))
    const own = ['--data', 'familie']
    const first = await place.run(['ingest', 'alles.zip', ...own], { language: 'de' })
    expect(first.stderr).toContain('1 Datei: 1 fertig; darin 113 Dateien: 112 fertig, 1 gescheitert')
    expect(first.stderr).toMatch(/✗ alles\.zip\/kaputt\.pdf {2}Die Datei ist beschädigt/)
    expect(first.code).toBe(0)
    const { documents } = await place.json<DocumentsJson>(['documents', 'list', ...own])
    expect(documents.filter(({ state }) => !['ready', 'failed'].includes(state))).toEqual([])
    const asked = await place.json<AnswerJson>(['ask', 'wenig.zip', notice])
    expect(asked.citations[0]?.quote).toBe(noticeQuote)
  })

  test('--no-wait leaves the work to whoever comes next', async () => {
    await writeFile(path.join(place.folder, 'spaeter.txt'), 'Das Kennwort der Kaffeemaschine lautet Bohnenkraut.\n')
    const { files } = await place.json<{ files: FileJson[] }>(['ingest', '--no-wait', 'spaeter.txt', ...data])
    expect(files).toMatchObject([{ file: 'spaeter.txt', state: 'queued', reason: null }])
    const later = await place.run(['ask', ...data, 'Wie lautet das Kennwort der Kaffeemaschine?'])
    expect(later.stderr).toBe('Finishing 1 document from earlier …\n')
    expect(later.stdout).toContain('Das Kennwort der Kaffeemaschine lautet Bohnenkraut.')
    // With paths, also those that are known already: from them alone.
    const question = 'Wie lautet das Kennwort der Kaffeemaschine?'
    const within = await place.json<AnswerJson>(['ask', ...data, 'akten/b.txt', question])
    expect(within).toMatchObject({ mode: 'declined', citations: [] })
    const inIt = await place.json<AnswerJson>(['ask', ...data, 'spaeter.txt', question])
    expect(inIt.citations).toMatchObject([{ file: 'spaeter.txt' }])
  })

  test('doctor: sound, then damaged', async () => {
    const sound = await place.json<{ healthy: boolean; findings: { name: string; state: string }[] }>([
      'doctor',
      ...data,
    ])
    expect(sound.findings.filter(({ state }) => state !== 'ok')).toEqual([])
    expect(sound.findings.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['node', 'data', 'space', 'sqlite', 'durability', 'check', 'jobs', 'parser', 'pdf']),
    )
    expect(sound).toMatchObject({ code: 0, healthy: true })

    const [first, second] = (await readdir(inFolder('blobs'), { recursive: true })).filter(name => name.length > 60)
    const [lost, changed] = [inFolder('blobs', first!), inFolder('blobs', second!)]
    await chmod(changed, 0o600)
    const bytes = await open(changed, 'r+')
    await bytes.write('X', 3)
    await bytes.close()
    await rm(lost)
    const harmed = await place.run(['doctor', ...data], { language: 'de' })
    expect(harmed.code).toBe(1)
    expect(harmed.stdout).toMatch(/^✗ Fehler: .*Die gespeicherte Datei fehlt/m)
    expect(harmed.stdout).toMatch(/^✗ Fehler: .*nicht mehr die hinzugefügte/m)

    await chmod(inFolder(), 0o755)
    const file = await open(inFolder('cloister.db'), 'r+')
    await file.write('this is no database', 0)
    await file.close()
    const damaged = await place.run(['doctor', ...data], { language: 'de' })
    expect(damaged.code).toBe(1)
    expect(damaged.stdout).toMatch(/^! Hinweis: Datenverzeichnis .* chmod 700$/m)
    expect(damaged.stdout).toMatch(/^✗ Fehler: Die Datenbank .*beschädigt/m)
    const refused = await place.json<ErrorJson>(['documents', 'list', ...data])
    expect(refused).toMatchObject({ code: 1, error: { code: 'data-damaged' } })
  })

  test('doctor names settings that are not in force, and creates nothing', async () => {
    const environment = { LLM_THREADS: '0,5', LLM_TEMPERATURE: '9', LLM_MAX_TOKENS: '100' }
    const { code, stdout } = await place.run(['doctor', '--data', 'neu'], { environment })
    expect(code).toBe(0)
    expect(existsSync(path.join(place.folder, 'neu'))).toBe(false)
    expect(stdout).toMatch(/LLM_THREADS is set to “0,5”, which cannot be used; in force is \d+/)
    expect(stdout).toContain('LLM_TEMPERATURE is set to “9”, which cannot be used; in force is 2')
    expect(stdout).not.toContain('LLM_MAX_TOKENS')
  })

  test('a data directory that is none is named', async () => {
    const refused = await place.json<ErrorJson>(['documents', 'list', '--data', 'akten/b.txt'])
    expect(refused).toMatchObject({ code: 1, error: { code: 'data-directory' } })
    expect(refused.error.text).toContain(path.join(place.folder, 'akten/b.txt'))
    expect(refused.error.text).toContain('it is not a folder')
  })
})

describe('hostile names', () => {
  test('nothing in a name reaches the terminal as more than text; the library itself is left out', async () => {
    await mkdir(path.join(place.folder, 'böse'))
    await writeFile(path.join(place.folder, 'böse/\x1b[2J\x1b]0;x\x07.txt'), 'Der erste Satz steht hier.\n')
    await writeFile(path.join(place.folder, 'böse/\u202efdp.txt'), 'Der zweite Satz steht hier.\n')
    await writeFile(path.join(place.folder, 'böse/-\n-json.txt'), 'Der dritte Satz steht \x1b[31m\x9b2J hier.\n')
    await writeFile(
      Buffer.concat([Buffer.from(path.join(place.folder, 'böse/')), Buffer.from([0xff, 0xfe]), Buffer.from('.txt')]),
      'Vier.\n',
    )
    const args = ['--data', 'böse/daten']
    const { code, stdout, stderr } = await place.run(['ingest', 'böse', ...args])
    expect([code, stderr]).toEqual([0, '5 files: 4 ready, 1 skipped\n'])
    expect(stdout).toContain('daten  skipped: Cloister’s own data directory is left out.')
    const list = await place.run(['documents', 'list', ...args])
    const found = await place.run(['search', ...args, 'Satz'])
    for (const text of [stdout, list.stdout, found.stdout]) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
      expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
    }
    expect(list.stdout.trim().split('\n')).toHaveLength(5)
    expect(stdout).toContain('\\u001b[2J')
    const { documents } = await place.json<DocumentsJson>(['documents', 'list', ...args])
    expect(documents.map(({ file }) => file)).toEqual(expect.arrayContaining(['fdp.txt', '--json.txt']))
  })
})

describe('ends', () => {
  test('Ctrl-C: in order, with code 130, no process and no temporary library left', async () => {
    await writeLongPdf('lang.pdf')
    const running = place.start(['ask', '--json', 'lang.pdf', 'Welcher Messwert steht auf Blatt 7?'])
    await until(async () => {
      const [library] = await temporaryLibraries()
      return library !== undefined && isReading(path.join(place.temporary, library))
    }, 'the reading to be under way')
    // A terminal sends it to the whole group, and npm once more to its child: still one press of the key.
    process.kill(-running.child.pid!, 'SIGINT')
    running.child.kill('SIGINT')
    const { code, stdout } = await running.finished
    expect(code).toBe(130)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'cancelled' } })
    expect(await temporaryLibraries()).toEqual([])
    await until(() => !running.leftOver(), 'the parsers to end')
  })

  test('kill -9 in the middle: the parser dies too, and the next command finishes what was begun', async () => {
    const running = place.start(['ingest', '--data', 'abbruch', 'lang.pdf'])
    await until(() => isReading(path.join(place.folder, 'abbruch')), 'the reading to be under way')
    running.child.kill('SIGKILL')
    expect((await running.finished).signal).toBe('SIGKILL')
    await until(() => !running.leftOver(), 'the parser to end')
    const answer = await place.json<AnswerJson>(['ask', '--data', 'abbruch', 'Wer hat die Werkstatt in Passau gebaut?'])
    expect(answer.code).toBe(0)
    expect(answer.citations[0]?.page).toBe(150)
    const { documents } = await place.json<DocumentsJson>(['documents', 'list', '--data', 'abbruch'])
    expect(documents).toMatchObject([{ file: 'lang.pdf', state: 'ready', pages: 160 }])
  })

  test('a temporary library that a kill left behind is removed by the next one', async () => {
    const running = place.start(['ask', 'lang.pdf', 'Was?'])
    await until(async () => (await temporaryLibraries()).length > 0, 'the library')
    await until(async () => isReading(path.join(place.temporary, (await temporaryLibraries())[0])), 'the reading')
    running.child.kill('SIGKILL')
    await running.finished
    expect(await temporaryLibraries()).toHaveLength(1)
    expect((await place.run(['ask', 'akten/b.txt', 'Wann endet die Garantie?'])).code).toBe(0)
    expect(await temporaryLibraries()).toEqual([])
  })

  test('a reader that leaves (| head) ends it quietly', async () => {
    const running = place.start(['search', '--data', 'abbruch', '--limit', '1000', 'Messwert'])
    running.child.stdout?.once('data', () => running.child.stdout?.destroy())
    expect(await running.finished).toMatchObject({ code: 0, stderr: '' })
  })

  test('a server of models that takes its time to say what it has is added with that', async () => {
    let asked = 0
    let answer = () => {}
    const again = new Promise<void>(resolve => {
      answer = resolve
    })
    const slow = createServer(async (_, response) => {
      asked += 1
      // Longer than it is waited for when it is added.
      if (asked === 1) await again
      else answer()
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ data: [{ id: 'late' }], models: [] }))
    })
    await new Promise<void>(resolve => slow.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void slow.close())
    const url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/v1`
    const added = await place.json(['providers', 'add', 'openai-compatible', url, '--data', 'abbruch'])
    expect(added).toMatchObject({ problem: null, provider: { models: [{ id: 'late' }] } })
  })

  test('two at once on one new data directory', async () => {
    const both = await Promise.all([
      place.run(['ingest', '--data', 'zugleich', 'akten']),
      place.run(['ingest', '--data', 'zugleich', samples]),
    ])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    const { documents } = await place.json<DocumentsJson>(['documents', 'list', '--data', 'zugleich'])
    expect(documents.map(({ file }) => file).sort()).toEqual(['2024/a.md', 'b.txt', ...(await readdir(samples))].sort())
    expect(documents.every(({ state }) => state === 'ready')).toBe(true)
  })
})
