/** What the desktop itself remembers, in `desktop.json` beside the window's own things: where the library is, and how it is shown. */
import { readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { AppError } from '../shared/errors.ts'
import { stampOf } from '../shared/files/stamp.ts'
import type { Log } from '../shared/ports.ts'
import { readText, whenFree, writeWhole } from './files.ts'
import { noSettings } from './updates/policy.ts'

const folder = z.string().min(1).refine(path.isAbsolute)

/** Of a move of the data directory that has begun: see `data/move.ts`. */
const move = z.object({
  from: folder,
  to: folder,
  way: z.enum(['rename', 'copy']),
  /** Of what was there before, so that what is taken back again is ours alone. */
  made: z.boolean(),
  /** Of a rename: what stands in the folder that it is about, wherever that is. */
  mark: z.string().optional(),
  /** Where its backups lie so far, if nobody has chosen that: beside it, by the name it was opened by. */
  backups: folder.optional(),
})

/** A folder that the library was copied from; `since`: when that began; `mark`: what stands in it. */
const oldFolder = z.object({ folder, since: z.number(), mark: z.string().optional() })

/** Each by itself: what one of them does not understand takes no other with it. */
const fields = {
  /** Null: the usual place. */
  dataDirectory: folder.nullable().default(null),
  /** Where a library was open: one that is not there any more is asked about, and none begun in its place. */
  opened: z.array(folder).default([]),
  /** Until each is gone. There was one at most, or null, before. */
  previous: z.union([z.array(oldFolder), oldFolder.nullable().transform(one => (one ? [one] : []))]).default([]),
  move: move.nullable().default(null),
  window: z
    .object({
      x: z.number(),
      y: z.number(),
      width: z.number().positive(),
      height: z.number().positive(),
      maximized: z.boolean().optional(),
    })
    .nullable()
    .default(null),
  language: z.enum(['de', 'en']).nullable().default(null),
  theme: z.enum(['light', 'dark']).nullable().default(null),
  tray: z.boolean().default(true),
  /** That it goes on without its window, which is said once. */
  toldStaying: z.boolean().default(false),
  notifications: z.boolean().default(true),
  /** As Electron writes keys; null: none, undefined in the file: the usual ones. */
  shortcut: z.string().min(1).max(100).nullable().optional(),
  keepRecent: z.boolean().default(true),
  recent: z.array(folder).max(50).default([]),
  backup: z
    .object({
      on: z.boolean().default(true),
      /** Null: beside the library, where that was when the first one was made. */
      folder: folder.nullable().default(null),
      keep: z.number().int().min(1).max(10_000).default(7),
    })
    .default({ on: true, folder: null, keep: 7 }),
  updates: z
    .object({
      choice: z.enum(['unasked', 'on', 'off']).default('unasked'),
      skipped: z.string().max(100).nullable().default(null),
      checkedAt: z.number().nullable().default(null),
      /** Which version this one came after. */
      previous: z.string().max(100).nullable().default(null),
      installing: z
        .object({ from: z.string().max(100), to: z.string().max(100) })
        .nullable()
        .default(null),
    })
    .default(noSettings),
}
const schema = z.object(fields)

export type Preferences = z.output<typeof schema>
export type OldFolder = z.output<typeof oldFolder>

export interface PreferenceStore {
  get(): Preferences
  /**
   * On the disk when it resolves; what is read meanwhile is the new one already. A failure is told in the log, and to whoever waits; then
   * what was holds again, and no later change brings with it what this one was about.
   */
  change(values: Partial<Preferences>): Promise<void>
  /** What was wrong with the file; `file`: where it is now, to be looked at. Undefined when nothing was. */
  readonly damaged: { file: string } | undefined
}

/**
 * Without a file, or with one that says nothing sensible, everything is as at the beginning. Throws `file-unreadable` where there is one that
 * cannot be read: it says where the library is, and would be written over.
 */
export async function openPreferences({
  folder,
  log,
  now = Date.now,
}: {
  folder: string
  log: Log
  now?: () => number
}): Promise<PreferenceStore> {
  const file = path.join(folder, 'desktop.json')
  // Of those that were killed while writing.
  for (const name of await readdir(folder).catch(() => []))
    if (/^desktop\.json\.[\da-f]+\.draft$/.test(name))
      await rm(path.join(folder, name), { force: true }).catch(() => {})
  const { values, sound } = await read(file).catch(error => {
    throw new AppError('file-unreadable', { file }, { cause: error })
  })
  let written = values
  let damaged: { file: string } | undefined
  if (!sound) {
    const aside = path.join(folder, `desktop.${stampOf(now())}.damaged.json`)
    try {
      await rename(file, aside)
      damaged = { file: aside }
      // What could be understood of it holds.
      await writeWhole(file, textOf(written))
    } catch (error) {
      log.error('the damaged preferences cannot be put aside', { file, error })
      damaged = { file }
    }
    log.warn('the preferences were damaged', { file: damaged.file })
  }
  const unwritten: Partial<Preferences>[] = []
  // One after the other: the last word is the last one written.
  let writing: Promise<void> = Promise.resolve()
  async function write(changes: Partial<Preferences>): Promise<void> {
    const next = { ...written, ...changes }
    try {
      await writeWhole(file, textOf(next))
      written = next
    } finally {
      unwritten.splice(unwritten.indexOf(changes), 1)
    }
  }
  return {
    get() {
      let all = written
      for (const changes of unwritten) all = { ...all, ...changes }
      return all
    },
    damaged,
    change(values) {
      const changes = { ...values }
      unwritten.push(changes)
      const done = writing.then(() => write(changes))
      writing = done.catch(error => log.error('the preferences cannot be written', { file, error }))
      return done
    },
  }
}

async function read(file: string): Promise<{ values: Preferences; sound: boolean }> {
  const text = await whenFree(() => readText(file))
  if (text === undefined) return { values: schema.parse({}), sound: true }
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    return { values: schema.parse({}), sound: false }
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    return { values: schema.parse({}), sound: false }
  const whole = schema.safeParse(found)
  if (whole.success) return { values: whole.data, sound: true }
  const kept = Object.entries(fields).flatMap(([name, field]) => {
    const value = (found as Record<string, unknown>)[name]
    const known = field.safeParse(value)
    return value !== undefined && known.success ? [[name, known.data]] : []
  })
  return { values: schema.parse(Object.fromEntries(kept)), sound: false }
}

const textOf = (values: Preferences) => `${JSON.stringify(values, null, 2)}\n`
