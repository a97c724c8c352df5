import path from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { readConfig, shownDatabase } from './config.ts'

const read = (environment: Record<string, string>) => readConfig({ data: '/tmp/none', environment, cores: 4 })

test('without settings there is nothing to note, and a core stays free', () => {
  expect(read({})).toMatchObject({
    maxFileSize: 2048 * 1024 * 1024,
    maxFiles: null,
    models: { threads: 3, contextSize: 4096, maxTokens: 512, temperature: 0.3 },
    history: 10,
    topK: 5,
    ignored: [],
  })
})

test('names for this machine are read as clients say them', () => {
  expect(read({}).allowedHosts).toEqual([])
  const { allowedHosts } = read({ ALLOWED_HOSTS: ' Host.docker.internal, gateway.lan ' })
  expect(allowedHosts).toEqual(['host.docker.internal', 'gateway.lan'])
})

test('numbers that can be used are used, and an empty one is none', () => {
  const environment = {
    LLM_THREADS: ' 4 ',
    LLM_TEMPERATURE: '0',
    LLM_MAX_TOKENS: '',
    MAX_FILES_PER_USER: '0',
    MAX_FILE_SIZE_MB: '0.5',
  }
  expect(read(environment)).toMatchObject({
    maxFileSize: 512 * 1024,
    maxFiles: null,
    models: { threads: 4, temperature: 0, maxTokens: 512 },
    ignored: [],
  })
})

test('more threads than cores would stand still: as many as there are', () => {
  const { models, ignored } = read({ LLM_THREADS: '64' })
  expect(models.threads).toBe(4)
  expect(ignored).toEqual([{ variable: 'LLM_THREADS', given: '64', inForce: '4' }])
})

test.each(['abc', '-1', '0,5', '0', '0x2', 'Infinity', 'NaN', '1 2', '1e999'])(
  '%s is never taken in silence',
  given => {
    const { ignored, models } = read({ LLM_THREADS: given, LLM_CONTEXT_SIZE: given, LLM_MAX_TOKENS: given })
    expect(ignored.map(({ variable }) => variable).sort()).toEqual([
      'LLM_CONTEXT_SIZE',
      'LLM_MAX_TOKENS',
      'LLM_THREADS',
    ])
    for (const entry of ignored) expect(entry.given).toBe(given)
    if (given !== '1e999') expect(models).toMatchObject({ threads: 3, contextSize: 4096, maxTokens: 512 })
  },
)

test('every number has bounds, and what was made of it is told', () => {
  const environment = {
    MAX_FILE_SIZE_MB: 'two',
    MAX_FILES_PER_USER: '-3',
    LLM_CONTEXT_SIZE: '100',
    LLM_MAX_TOKENS: '99999999',
    LLM_TEMPERATURE: '7',
    LLM_THREADS: '1.4',
  }
  const { ignored } = read(environment)
  expect(Object.fromEntries(ignored.map(({ variable, inForce }) => [variable, inForce]))).toEqual({
    MAX_FILE_SIZE_MB: '2048',
    MAX_FILES_PER_USER: '0',
    LLM_CONTEXT_SIZE: '512',
    LLM_MAX_TOKENS: '65536',
    LLM_TEMPERATURE: '2',
    LLM_THREADS: '1',
  })
})

test('the temperature has two names, and says which of them is in force', () => {
  expect(read({ DEFAULT_TEMPERATURE: '0.7' })).toMatchObject({ models: { temperature: 0.7 }, ignored: [] })
  expect(read({ LLM_TEMPERATURE: '0.5', DEFAULT_TEMPERATURE: '0.50' })).toMatchObject({ ignored: [] })
  const both = read({ LLM_TEMPERATURE: '0.5', DEFAULT_TEMPERATURE: '9' })
  expect(both.models.temperature).toBe(0.5)
  expect(both.ignored).toEqual([{ variable: 'DEFAULT_TEMPERATURE', given: '9', inForce: 'LLM_TEMPERATURE=0.5' }])
  const broken = read({ LLM_TEMPERATURE: 'warm', DEFAULT_TEMPERATURE: '0.7' })
  expect(broken.models.temperature).toBe(0.7)
  expect(broken.ignored).toEqual([{ variable: 'LLM_TEMPERATURE', given: 'warm', inForce: '0.7' }])
  expect(read({ DEFAULT_TEMPERATURE: '9' }).ignored).toEqual([
    { variable: 'DEFAULT_TEMPERATURE', given: '9', inForce: '2' },
  ])
})

test('of a chat may be referred to what is set, also nothing; of passages there is always one', () => {
  expect(read({ MAX_HISTORY_MESSAGES: '0', TOP_K_DEFAULT: '0' })).toMatchObject({ history: 0, topK: 5 })
  expect(read({ MAX_HISTORY_MESSAGES: '4', TOP_K_DEFAULT: '500' })).toMatchObject({ history: 4, topK: 50 })
})

test('without DATABASE_URL there is no server to connect to, and the files lie in a folder', () => {
  const { database, blobStore, workers } = read({})
  expect([database, blobStore.kind, workers]).toEqual([undefined, 'folder', 1])
  expect(read({ DATABASE_URL: ' \n' }).database).toBeUndefined()
  expect(read({ DATABASE_URL: 'postgres://db' }).database?.named).toBe(true)
})

test('a database and a store are taken as they are set, and nobody is shown a password', () => {
  const url = 'postgres://anna:ge%40heim@db.example:5433/library?sslmode=require&password=other'
  const environment = {
    DATABASE_URL: ` ${url}\n`,
    DATABASE_STATEMENT_TIMEOUT: '2.5',
    DATABASE_POOL_SIZE: '1',
    DATABASE_PREPARE: 'off',
    WORKERS: '0',
  }
  const { database, workers, ignored } = read(environment)
  expect(database).toEqual({ url, poolSize: 2, statementTimeout: 2500, named: false })
  expect([workers, ignored.map(({ variable }) => variable)]).toEqual([0, ['DATABASE_POOL_SIZE']])
  const unclear = read({ ...environment, DATABASE_PREPARE: 'maybe' })
  expect([unclear.database?.named, unclear.ignored.at(-1)?.variable]).toEqual([true, 'DATABASE_PREPARE'])
  expect(shownDatabase(url)).toBe('postgres://anna@db.example:5433/library')
  expect(shownDatabase('anna:geheim@db')).toBe('postgres://?')
  expect(shownDatabase('postgres://anna:geheim@db')).toBe('postgres://anna@db/anna')
  expect(shownDatabase('postgres://anna:geheim@db/?dbname=library')).toBe('postgres://anna@db/library')
  expect(shownDatabase('postgres://db?user=anna&password=geheim')).toBe('postgres://db/anna')
  expect(shownDatabase('postgres://db')).toBe('postgres://db/postgres')
  const { blobStore } = read({
    BLOB_STORE: 'S3',
    S3_BUCKET: 'files',
    S3_ENDPOINT: 'http://127.0.0.1:9',
    S3_PREFIX: '/a/',
  })
  expect(blobStore).toMatchObject({ kind: 's3', bucket: 'files', pathStyle: true, prefix: 'a' })
  expect(blobStore.accessKeyId).toBeUndefined()
})

test('backups are made where a folder is named, as often as can be understood', () => {
  expect(read({ BACKUP_EVERY: '1h' }).backup).toBeUndefined()
  const folder = path.resolve('/sicher')
  expect(read({ BACKUP_FOLDER: ' /sicher ' }).backup).toEqual({ folder, every: 86_400_000, keep: 7 })
  const set = (every: string) => read({ BACKUP_FOLDER: '/sicher', BACKUP_EVERY: every, BACKUP_KEEP: '30' })
  expect(set('30m').backup).toEqual({ folder, every: 1_800_000, keep: 30 })
  expect([set('7D').backup?.every, set('7D').ignored]).toEqual([604_800_000, []])
  for (const wrong of ['24', 'h', '0h', '-1h', '400d', 'daily']) {
    expect(set(wrong).backup?.every).toBe(86_400_000)
    expect(set(wrong).ignored).toEqual([{ variable: 'BACKUP_EVERY', given: wrong, inForce: '24h' }])
  }
})

test('a model is given back after some minutes, or never', () => {
  const idleTime = (given?: string) => read(given === undefined ? {} : { MODEL_IDLE_MINUTES: given }).models.idleTime
  expect([idleTime(), idleTime('0.5'), idleTime('0')]).toEqual([600_000, 30_000, Number.POSITIVE_INFINITY])
})

test('what is kept, and for how long: for ever, but for what was deleted, unless somebody says so', () => {
  expect(read({}).keeps).toEqual({ chats: null, trash: 30 })
  expect(read({ CHAT_DAYS: '90', TRASH_DAYS: '7' })).toMatchObject({ keeps: { chats: 90, trash: 7 }, ignored: [] })
  const { keeps, ignored } = read({ CHAT_DAYS: '-1', TRASH_DAYS: '0' })
  expect([keeps, ignored.map(({ variable }) => variable)]).toEqual([
    { chats: null, trash: 30 },
    ['CHAT_DAYS', 'TRASH_DAYS'],
  ])
})

describe('what one user may use', () => {
  const limits = (environment: Record<string, string>) => {
    const { maxFileSize, maxFiles, maxBytes, maxQuestions } = readConfig({ environment })
    return { maxFileSize: maxFileSize / 1024 / 1024, maxFiles, maxBytes, maxQuestions }
  }

  it('is less where many share a machine, and nothing is counted where one owns it', () => {
    expect(limits({})).toEqual({ maxFileSize: 2048, maxFiles: null, maxBytes: undefined, maxQuestions: null })
    expect(limits({ MODE: 'server' })).toEqual({ maxFileSize: 100, maxFiles: 1000, maxBytes: null, maxQuestions: null })
  })

  it('is what the settings say', () => {
    const set = {
      MAX_FILE_SIZE_MB: '7',
      MAX_FILES_PER_USER: '0',
      MAX_STORAGE_PER_USER_MB: '5',
      MAX_QUESTIONS_PER_DAY: '9',
    }
    const bytes = 5 * 1024 * 1024
    expect(limits({ ...set, MODE: 'server' })).toEqual({
      maxFileSize: 7,
      maxFiles: null,
      maxBytes: bytes,
      maxQuestions: 9,
    })
  })
})
