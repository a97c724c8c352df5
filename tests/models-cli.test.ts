import { copyFile, readdir, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scriptedChat, tinyEmbedder } from '../scripts/tiny-models.ts'
import { string, writeGguf } from '../scripts/write-gguf.ts'
import { makePlace, type Place } from './run-cli.ts'

interface ModelJson {
  name: string
  role: string | null
  used: boolean
  named: boolean
  size: number
  problem: { code: string; text: string } | null
}

let place: Place
const data = ['--data', 'library']
beforeAll(async () => {
  place = await makePlace()
  await writeGguf(path.join(place.folder, 'chat.gguf'), scriptedChat('The notice period is three months [1].'))
  await writeGguf(path.join(place.folder, 'vectors.gguf'), tinyEmbedder())
})
afterAll(() => place.remove())

const list = (options = {}) => place.json<{ models: ModelJson[] }>(['models', 'list', ...data], options)

describe('models on the command line', () => {
  test('none at first, which creates nothing', async () => {
    const { stdout, code } = await place.run(['models', 'list', ...data])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^There are no models here\./)
    expect(await readdir(place.folder)).not.toContain('library')
  })

  test('add reads from the header what they are for; the one added last is used', async () => {
    const german = await place.run(['models', 'add', ...data, 'chat.gguf', 'vectors.gguf'], { language: 'de' })
    expect(german.stdout).toBe('Hinzugefügt: chat.gguf (Antworten)\nHinzugefügt: vectors.gguf (Vektoren)\n')
    expect((await list()).models).toMatchObject([
      { name: 'vectors.gguf', role: 'embedding', used: true, named: false, problem: null },
      { name: 'chat.gguf', role: 'chat', used: true },
    ])
    await copyFile(path.join(place.folder, 'chat.gguf'), path.join(place.folder, 'other.gguf'))
    expect((await place.run(['models', 'add', ...data, 'other.gguf'])).code).toBe(0)
    const shown = await place.run(['models', 'list', ...data], { language: 'de' })
    expect(shown.stdout).toContain('16.384 Tokens')
    const roles = (await list()).models.filter(({ role }) => role === 'chat')
    expect(roles).toMatchObject([
      { name: 'other.gguf', used: true },
      { name: 'chat.gguf', used: false },
    ])
  })

  test('a question may name the one that answers it', async () => {
    await writeFile(path.join(place.folder, 'lease.md'), 'The notice period is three months.')
    const ask = (name: string) =>
      place.json<{ model: string | null; mode: string; reason: { code: string } | null }>([
        'ask',
        ...data,
        '--model',
        name,
        'lease.md',
        'How long is the notice period?',
      ])
    expect(await ask('chat.gguf')).toMatchObject({ mode: 'model', model: 'chat.gguf', reason: null })
    expect(await ask('gone.gguf')).toMatchObject({ model: 'other.gguf', reason: { code: 'model-other' } })
  })

  test('the catalog tells what fits this machine, what is best, and how to get it', async () => {
    interface OfferJson {
      id: string
      role: string
      recommended: boolean
      installed: string | null
      fit: { fits: string; need: number; free: number; reason: { text: string } | null } | null
    }
    const { models } = await place.json<{ models: OfferJson[] }>(['models', 'list', '--all', ...data])
    expect(models.map(({ id }) => id)).toContain('qwen3-0.6b')
    for (const { fit } of models) {
      expect(fit!.fits === 'no').toBe(fit!.need > fit!.free)
      expect(fit!.reason === null).toBe(fit!.fits !== 'no')
    }
    const { stdout } = await place.run(['models', 'list', '--all', ...data], { language: 'de' })
    expect(stdout).toMatch(/^qwen3-0\.6b +Antworten +639 MB .*Apache-2\.0/m)
  })

  test('what is no model is refused in plain words, and the rest is added all the same', async () => {
    await writeFile(path.join(place.folder, 'text.gguf'), 'This is a text.\n')
    const refused = await place.run(['models', 'add', ...data, 'text.gguf', 'chat.gguf', 'missing.gguf'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('text.gguf')
    expect(refused.stderr).toContain('There is a model “chat.gguf” already.')
    expect(refused.stderr).toContain('missing.gguf')
    expect(refused.stderr).not.toMatch(/at .*\.ts|Error:/)
    expect((await readdir(path.join(place.folder, 'library', 'models'))).sort()).toEqual([
      'chat.gguf',
      'chat.gguf.sha256',
      'other.gguf',
      'other.gguf.sha256',
      'vectors.gguf',
      'vectors.gguf.sha256',
    ])
  })

  test('verify finds what has changed; remove takes it away', async () => {
    const file = path.join(place.folder, 'library', 'models', 'other.gguf')
    expect((await place.run(['models', 'verify', ...data])).code).toBe(0)
    await truncate(file, 2000)
    const changed = await place.run(['models', 'verify', ...data, 'other'])
    expect(changed.code).toBe(1)
    expect(changed.stdout).toContain('other.gguf: its bytes have changed')
    // Passed over for the one that can be used.
    const { models } = await list()
    expect(models.find(({ name }) => name === 'other.gguf')).toMatchObject({
      used: false,
      problem: { code: 'model-invalid' },
    })
    expect(models.find(({ name }) => name === 'chat.gguf')).toMatchObject({ used: true })
    expect((await place.run(['models', 'remove', ...data, 'other'])).stdout).toBe('Removed: other\n')
    expect((await place.run(['models', 'remove', ...data, 'other'])).code).toBe(1)
  })

  test('eval says what is wrong with a model the user named, not that there is none', async () => {
    await writeFile(path.join(place.folder, 'broken.gguf'), 'GGUF, and then nothing')
    const broken = path.join(place.folder, 'broken.gguf')
    for (const [variable, options] of [
      ['EMBEDDING_MODEL_PATH', ['--mode', 'vectors']],
      ['RERANKER_MODEL_PATH', ['--mode', 'hybrid']],
      ['LLM_MODEL_PATH', ['--answers', '1']],
    ] as const) {
      const { code, stderr } = await place.run(['eval', ...data, 'set.json', ...options], {
        environment: { [variable]: broken },
      })
      expect(code).toBe(1)
      expect(stderr).toContain('The model file “broken.gguf” cannot be used')
    }
  })

  test('parts of models, and additions to models, are refused in plain words and are none to answer', async () => {
    const models = path.join(place.folder, 'library', 'models')
    const addition = { tensors: [] }
    const files = {
      'big-00002-of-00003.gguf': { ...addition, metadata: { 'split.count': { type: 'u16', value: 3 } } },
      'named-00001-of-00002.gguf': scriptedChat('Part.'),
      'mmproj.gguf': { ...addition, metadata: { 'general.architecture': string('clip') } },
      'lora.gguf': {
        ...addition,
        metadata: { 'general.architecture': string('llama'), 'general.type': string('adapter') },
      },
    } as const
    for (const [name, model] of Object.entries(files)) await writeGguf(path.join(models, name), model)
    const { models: listed } = await list()
    const textOf = (name: string) => listed.find(model => model.name === name)?.problem?.text
    for (const name of ['big-00002-of-00003.gguf', 'named-00001-of-00002.gguf'])
      expect(textOf(name)).toContain('split into several files')
    for (const name of ['mmproj.gguf', 'lora.gguf']) expect(textOf(name)).toContain('only an addition')
    for (const name of Object.keys(files))
      expect(listed.find(model => model.name === name)).toMatchObject({ role: null, used: false })
    expect(listed.find(({ role, used }) => role === 'chat' && used)).toMatchObject({ name: 'chat.gguf' })
    const { stdout } = await place.run(['models', 'list', ...data])
    expect(stdout.split('\n').find(line => line.startsWith('lora.gguf'))).toContain('only an addition')
  })
})
