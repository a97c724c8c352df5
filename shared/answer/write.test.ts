import { describe, expect, it } from 'vitest'
import { libraryOf, sample } from '../../tests/red-team/library.ts'
import { inPieces, type Said, spokenModel } from '../../tests/red-team/spoken-model.ts'
import { writeOver } from '../../tests/red-team/write-over.ts'
import { AppError } from '../errors.ts'
import { cite } from './cite.ts'
import { chooseStretches, numbered } from './sources.ts'
import { nothingWritten, write } from './write.ts'

const files = { 'mietvertrag.md': sample('mietvertrag.md') }
const over = (said: string | readonly Said[], options: Parameters<typeof writeOver>[3] = {}) =>
  writeOver(files, 'Wie hoch ist die Kaution?', typeof said === 'string' ? inPieces(said, 3) : said, options)
const texts = async (said: string | readonly Said[]) =>
  (await over(said)).written.sentences.map(sentence => sentence.text)

describe('sentences', () => {
  it('come with their proof, drafts before them, however the stream is cut', async () => {
    const answer = 'Die Kaution beträgt 2.670 Euro. [1] Sie kann in drei gleichen Raten gezahlt werden [1].'
    for (const size of [1, 3, 7, 200]) {
      const { events, written } = await over(inPieces(answer, size))
      expect(written.sentences).toEqual([
        { text: 'Die Kaution beträgt 2.670 Euro.', lead: '', citations: [0], supported: true },
        { text: 'Sie kann in drei gleichen Raten gezahlt werden.', lead: ' ', citations: [1], supported: true },
      ])
      expect(written.citations[0].quote).toBe('Der Mieter zahlt eine Kaution von 2.670 Euro.')
      expect(written.citations[1].quote).toContain('Er kann sie in drei gleichen Raten leisten')
      const told = events.flatMap(event => (event.type === 'sentence' ? [event] : []))
      expect(told.flatMap(event => event.citations)).toEqual(written.citations)
      if (size < 10) expect(events[0].type).toBe('draft')
      for (const event of events) if (event.type === 'draft') expect(event.text).not.toMatch(/\[|\d\]|\ue000/)
    }
  })
  it('keep line breaks and list marks as what leads to them', async () => {
    const { written } = await over(
      'Es gilt [1]:\n- Die Kaution beträgt 2.670 Euro [1].\n- Die Grundmiete beträgt 890 Euro [1].\n\n1. Der Garten blüht.',
    )
    expect(written.sentences.map(({ lead, text }) => [lead, text])).toEqual([
      ['', 'Es gilt:'],
      ['\n- ', 'Die Kaution beträgt 2.670 Euro.'],
      ['\n- ', 'Die Grundmiete beträgt 890 Euro.'],
      ['\n1. ', 'Der Garten blüht.'],
    ])
    expect(written.sentences.map(sentence => sentence.supported)).toEqual([false, true, true, false])
  })
  it('"Ja." goes with what it says yes to', async () => {
    expect(await texts('Ja. Die Kaution kann in drei Raten gezahlt werden. [1]')).toEqual([
      'Ja. Die Kaution kann in drei Raten gezahlt werden.',
    ])
  })
  it('do not end at a date or an abbreviation', async () => {
    expect(await texts('Es beginnt am 1. März 2026, d. h. bald. Mehr nicht.')).toEqual([
      'Es beginnt am 1. März 2026, d. h. bald.',
      'Mehr nicht.',
    ])
  })
  it('lines that name sources only are no sentences', async () => {
    expect(await texts('Die Kaution beträgt 2.670 Euro.\n[1]\nQuellen: [1], [2]')).toEqual([
      'Die Kaution beträgt 2.670 Euro.',
    ])
  })
})

describe('citations', () => {
  it('of no source are dropped; the source that proves a sentence is found without them, or against them', async () => {
    for (const mark of [' [9]', '', ' [2]']) {
      const { written } = await over(`Die Kaution beträgt 2.670 Euro${mark}.`)
      expect(written.sentences).toEqual([
        { text: 'Die Kaution beträgt 2.670 Euro.', lead: '', citations: [0], supported: true },
      ])
    }
  })
  it('half a proof is none', async () => {
    const { chunks, segments } = libraryOf(files)
    const hits = chunks.map(chunk => ({ chunk, score: 1, rank: 1, before: null, after: null }))
    const said = 'Die Kaution beträgt 2.670 Euro, und die Kündigungsfrist beträgt drei Monate.'
    const proofsWithout = async (lost: number) => {
      const written = nothingWritten()
      let asked = 0
      const writing = {
        chat: spokenModel([[said]]),
        maxTokens: 512,
        prompt: [],
        sources: numbered(chooseStretches(hits, [], 4000)),
        question: 'Wie hoch ist die Kaution?',
        language: 'de' as const,
        prove: async ({ chunk }: { chunk: (typeof chunks)[number] }, start: number, end: number) =>
          ++asked === lost ? undefined : cite(chunk, start, end, segments.get(chunk.documentId) ?? []),
      }
      for await (const _ of write(writing, written));
      return written.sentences.map(({ supported, citations }) => ({ supported, citations: citations.length }))
    }
    expect(await proofsWithout(0)).toEqual([{ supported: true, citations: 2 }])
    expect(await proofsWithout(1)).toEqual([{ supported: false, citations: 0 }])
    expect(await proofsWithout(2)).toEqual([{ supported: false, citations: 0 }])
  })
  it('are not given to what nothing proves', async () => {
    const { written } = await over('Die Kaution beträgt 890 Euro [1].')
    expect(written).toMatchObject({ citations: [], sentences: [{ citations: [], supported: false }] })
  })
  it('of the same quote are one', async () => {
    const { written } = await over(
      'Die Kaution beträgt 2.670 Euro [1]. Der Mieter zahlt die Kaution von 2.670 Euro [1].',
    )
    expect(written.citations).toHaveLength(1)
    expect(written.sentences.map(sentence => sentence.citations)).toEqual([[0], [0]])
  })
})

describe('thinking is hidden', () => {
  it.each([
    ['<think>Die Miete? 890 Euro.</think>Die Kaution beträgt 2.670 Euro.'],
    ['Die Kaution beträgt 2.670 Euro.<think>und so weiter, endlos'],
    ['Ich überlege erst einmal. Also gut.</think>Die Kaution beträgt 2.670 Euro.'],
    ['<think>a<think>b</think>Die Miete beträgt 890 Euro.</think>Die Kaution beträgt 2.670 Euro.'],
    ['<thinking>\nhm\n</thinking>\nDie Kaution beträgt 2.670 Euro.'],
  ])('%s', async said => {
    for (const size of [1, 5, 500]) {
      const { written } = await over(inPieces(said, size))
      expect(written.sentences.map(sentence => sentence.text)).toEqual(['Die Kaution beträgt 2.670 Euro.'])
    }
  })
  it('and what was proven before a stray end stays, with its citation', async () => {
    const { written, events } = await over(
      inPieces('Die Kaution beträgt 2.670 Euro. [1] Mehr nicht.</think> Die Grundmiete beträgt 890 Euro. [1]', 4),
    )
    expect(written.sentences.map(({ citations }) => citations)).toEqual([[0], [], [1]])
    const told = events.flatMap(event => (event.type === 'sentence' ? event.citations : []))
    expect(told).toEqual(written.citations)
  })
  it('in parts of its own', async () => {
    const { written } = await over([{ reasoning: 'Ich denke.' }, 'Die Kaution beträgt 2.670 Euro.'])
    expect(written.sentences).toHaveLength(1)
  })
})

describe('ends', () => {
  it.each([
    ['Das steht nicht in den Quellen.'],
    ['In den Quellen finde ich dazu keine Angaben.'],
    ['Die Quellen enthalten keine Informationen dazu.'],
    ['Das steht nicht in den Quellen. Üblich sind drei Monatsmieten.'],
  ])('declined: %s', async said => expect((await over(said)).written.declined).toBe(true))
  it('not declined by what the sources say themselves, though it sounds like it', async () => {
    const files = { 'a.md': 'Rauchen ist in der Wohnung nicht erlaubt. Es wird keine Gebühr erhoben.' }
    for (const said of [
      'Rauchen ist in der Wohnung nicht erlaubt, so der Text.',
      'Es wird keine Gebühr erhoben, wie das Dokument sagt.',
    ]) {
      const { written } = await writeOver(files, 'Darf man in der Wohnung rauchen?', [said])
      expect(written).toMatchObject({ declined: false, sentences: [{ supported: true }] })
    }
  })
  it('not declined where something is proven beside it', async () => {
    const { written } = await over('Die Kaution beträgt 2.670 Euro. [1] Zur Verzinsung steht nichts in den Quellen.')
    expect(written.declined).toBe(false)
    expect(written.sentences[0].supported).toBe(true)
  })
  it('when a sentence, a few, or a few characters come again and again; nothing of it stays as a draft', async () => {
    const { written } = await over('Die Kaution beträgt 2.670 Euro. '.repeat(50))
    expect(written).toMatchObject({ sentences: [{ supported: true }], draft: '', declined: false })
    const few = await over('Die Kaution beträgt 2.670 Euro. Die Grundmiete beträgt 890 Euro. '.repeat(50))
    expect(few.written.sentences.length).toBeLessThan(8)
    expect((await over('Das steht nicht in den Quellen. '.repeat(9))).written).toMatchObject({
      sentences: [],
      draft: '',
      declined: true,
    })
    const looping = await over(['Die Kaution ', ...Array.from({ length: 400 }, () => 'und und ')])
    expect(looping.written.sentences.map(sentence => sentence.text).join('').length).toBeLessThan(500)
  })
  it('not when a sentence comes again later', async () => {
    const list = ['- Ja, erlaubt.', '- Nein.', '- Ja, erlaubt.', '- Vielleicht.', '- Ja, erlaubt.', '- Ende der Liste.']
    const { written } = await over(list.join('\n'))
    expect(written.sentences.map(sentence => sentence.text)).toContain('Ende der Liste.')
  })
  it('a sentence without end is cut at 2,000 characters, the answer at its longest', async () => {
    const words = Array.from({ length: 3000 }, (_, at) => `wort${at}`).join(' ')
    const { written } = await over([words], { maxTokens: 2000 })
    for (const { text } of written.sentences) expect(text.length).toBeLessThanOrEqual(2000)
    const long = await over(
      Array.from({ length: 3000 }, (_, at) => `wort${at} `),
      { maxTokens: 10 },
    )
    expect(long.written.sentences.map(sentence => sentence.text).join(' ').length).toBeLessThan(400)
  })
  it('an answer cut at its longest shows it', async () => {
    const { written } = await over(['Die Kaution beträgt 2.670 Euro und'], { unified: 'length' })
    expect(written.sentences.map(sentence => sentence.text)).toEqual(['Die Kaution beträgt 2.670 Euro und …'])
  })
})

describe('whatever comes, one character at a time', () => {
  const long = (piece: (at: number) => string) => {
    let text = ''
    for (let at = 0; text.length < 8192; at++) text += piece(at)
    return inPieces(text.slice(0, 8192), 1)
  }
  async function costOf(said: readonly string[]) {
    // Work of this thread: the machine may be busy with something else.
    const work = () => process.threadCpuUsage().user / 1000
    const before = work()
    let [last, blocked] = [before, 0]
    const beat = () => {
      const now = work()
      blocked = Math.max(blocked, now - last)
      last = now
    }
    const timer = setInterval(beat, 1)
    const { failure } = await over(said)
    clearInterval(timer)
    beat()
    expect(failure).toBeUndefined()
    return { cpu: work() - before, blocked }
  }
  it.each([
    ['blanks', () => ' '],
    ['blanks with a letter now and then', (at: number) => (at % 390 === 0 ? 'x' : ' ')],
    ['other blanks', (at: number) => (at % 390 === 0 ? 'x' : '\u00a0')],
    ['lines', () => '\n'],
    ['braces', (at: number) => `{ ${((at * 7919) % 997).toString(36)} `],
    ['objects', (at: number) => `{ "${at % 10}a `],
    ['calls', (at: number) => `{"name":${at} `],
    ['tags', (at: number) => `<script${at % 10} `],
    ['pictures', (at: number) => `![a${at % 10} `],
    ['words', (at: number) => `wort${at} `],
  ])('%s cost no more than text, and leave others their turn', { timeout: 60_000 }, async (_, piece) => {
    const text = await costOf(long(at => `Der Mieter ${at} zahlt heute die Miete. `))
    const { cpu, blocked } = await costOf(long(piece))
    expect(cpu / text.cpu).toBeLessThan(5)
    // Measured: 50 ms at most, with what the engine does once; minutes before blanks were made few.
    expect(blocked).toBeLessThan(100)
  })
})

describe('failures', () => {
  it('leave what was written', async () => {
    const { written, failure } = await over(['Die Kaution beträgt 2.670 Euro. Die ', new AppError('model-crashed')])
    expect(failure).toMatchObject({ code: 'model-crashed' })
    expect(written.sentences).toHaveLength(1)
  })
  it('what was shown last is there for whoever leaves at it', async () => {
    const { written, failure } = await over(['Und sie ist ', new AppError('model-crashed')])
    expect(failure).toBeDefined()
    expect(written.draft).toBe('Und sie ist')
  })
  it('a stop acts at once, also where the model does not hear it', async () => {
    const stop = new AbortController()
    const never = new Promise<void>(() => {})
    setTimeout(() => stop.abort(), 500)
    const { written, failure } = await over(['Die Kaution beträgt 2.670 Euro. Und sie ', { wait: never }], {
      signal: stop.signal,
    })
    expect(failure).toMatchObject({ code: 'cancelled' })
    expect(written.sentences).toHaveLength(1)
    expect(written.draft).toBe('Und sie')
  })
  it('an end that is an error is one', async () => {
    expect((await over(['Die'], { unified: 'error' })).failure).toMatchObject({ code: 'model-crashed' })
  })
})

describe('addresses', () => {
  const withAddress = {
    'a.md': 'Die Anmeldung läuft über https://anmeldung.example.org/neu für alle Mitglieder.',
    'b.md': 'Der Beitrag beträgt 36 Euro im Jahr für alle Mitglieder.',
  }
  it('stay as they stand in the source that is cited, as plain text', async () => {
    const { written } = await writeOver(withAddress, 'Wo melde ich mich an?', [
      'Die Anmeldung läuft über [das Formular](https://anmeldung.example.org/neu) [1]. Die Anmeldung läuft über https://anmeldung.example.org/neu?x=1 [1].',
    ])
    expect(written.sentences.map(sentence => [sentence.text, sentence.supported])).toEqual([
      ['Die Anmeldung läuft über das Formular (https://anmeldung.example.org/neu).', true],
      ['Die Anmeldung läuft über ….', true],
    ])
  })
  it('go where their source is not cited', async () => {
    const { written } = await writeOver(withAddress, 'Wie hoch ist der Beitrag?', [
      'Der Beitrag beträgt 50 Euro, siehe https://anmeldung.example.org/neu [2].',
    ])
    expect(written.sentences).toMatchObject([{ supported: false, text: 'Der Beitrag beträgt 50 Euro, siehe ….' }])
  })
})
