/** Updates as the window shows them, and what is chosen there. */
import type { UpdateState as Shown, UpdateChoice } from '../../shared/api/desktop.ts'
import type { PreferenceStore } from '../preferences.ts'
import { createUpdates, type UpdateDependencies } from './updates.ts'

export interface ShownUpdates {
  state(): Shown
  choose(choice: UpdateChoice): Promise<Shown>
  /** Looks when it is due, as long as the application runs. */
  start(): void
  stop(): void
}

/** Milliseconds: the first minutes belong to whoever has just opened the window. */
const first = 5 * 60_000
const every = 60 * 60_000

export function createShownUpdates({
  preferences,
  shown,
  ...deps
}: Omit<UpdateDependencies, 'settings' | 'changed'> & {
  preferences: PreferenceStore
  shown(state: Shown): void
}): ShownUpdates {
  const updates = createUpdates({
    ...deps,
    settings: { read: async () => preferences.get().updates, write: updates => preferences.change({ updates }) },
    changed: () => shown(state()),
  })
  let timer: NodeJS.Timeout | undefined
  let looked = false

  function state(): Shown {
    if (!deps.updater) return { name: 'none' }
    const { choice, previous } = preferences.get().updates
    const { phase, version, notes, back, part, reason } = updates.state()
    // What is ready waits for the work, and has not failed.
    const waiting = phase === 'ready' && reason?.code === 'update-busy'
    if (phase === 'checking') return { name: 'checking' }
    if (reason && !waiting) return { name: 'failed', reason }
    if (phase === 'downloading') return { name: 'downloading', version: version ?? '', part }
    if (phase === 'offered') return { name: 'available', version: version ?? '', notes, back }
    if (phase === 'ready') return { name: 'ready', version: version ?? '', notes, back, waiting }
    if (choice === 'unasked') return { name: 'unasked' }
    return { name: choice === 'on' || looked ? 'current' : 'off', previous }
  }

  async function run(choice: UpdateChoice): Promise<void> {
    if (choice === 'on' || choice === 'off') await updates.choose(choice)
    if (choice === 'on') await updates.check('clock')
    else if (choice === 'check') {
      await updates.check('user')
      looked = true
    } else if (choice === 'download') await updates.download()
    else if (choice === 'stop') updates.stop()
    else if (choice === 'install') await updates.install()
    else if (choice === 'skip') await updates.skip()
    else if (choice === 'back') await updates.lookBack()
  }

  return {
    state,
    async choose(choice) {
      await run(choice)
      shown(state())
      return state()
    },
    start() {
      if (deps.updater)
        void updates.begin().then(
          () => shown(state()),
          error => deps.log.warn('what came of an update is not known', { error }),
        )
      const look = () => {
        void updates.check('clock').catch(error => deps.log.warn('no update was looked for', { error }))
        timer = setTimeout(look, every)
      }
      timer = setTimeout(look, first)
    },
    stop: () => clearTimeout(timer),
  }
}
