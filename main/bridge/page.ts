/**
 * `window.cloister`: what the preload hands to the page. Functions alone, each for one call; neither Electron's objects nor names of channels.
 * It runs in a sandbox and is bundled into the preload: no package may come with it, so that everything is checked on the other side.
 */
import type {
  DesktopAnswer,
  DesktopBridge,
  DesktopCall,
  DesktopInput,
  DesktopMessage,
  DesktopOutput,
} from '../../shared/api/desktop.ts'

export interface Wire {
  invoke(call: { name: DesktopCall; input: unknown }): Promise<unknown>
  /** What main says, and nothing of how it came. */
  receive(hear: (message: unknown) => void): void
}

/** So much is kept for a page that does not listen yet. */
const most = 100

export function createPageBridge({ invoke, receive }: Wire): DesktopBridge {
  let hear: ((message: DesktopMessage) => void) | undefined
  let early: DesktopMessage[] = []
  // Checked by main before it left.
  receive(message => {
    if (hear) hear(message as DesktopMessage)
    else early = [...early, message as DesktopMessage].slice(-most)
  })

  async function call<Name extends DesktopCall>(
    name: Name,
    input?: DesktopInput<Name>,
  ): Promise<DesktopAnswer<DesktopOutput<Name>>> {
    try {
      return (await invoke({ name, input })) as DesktopAnswer<DesktopOutput<Name>>
    } catch {
      // Main answers refusals, too: this is main going away.
      return { ok: false, reason: { code: 'internal' } }
    }
  }

  return {
    start: () => call('start'),
    startServer: () => call('startServer'),
    chooseFolder: () => call('chooseFolder'),
    openExternal: input => call('openExternal', input),
    showDataFolder: () => call('showDataFolder'),
    print: () => call('print'),
    takeHanded: () => call('takeHanded'),
    leaveHanded: input => call('leaveHanded', input),
    breakOff: input => call('breakOff', input),
    tellUploads: input => call('tellUploads', input),
    getPreferences: () => call('getPreferences'),
    setPreferences: input => call('setPreferences', input),
    hideQuick: () => call('hideQuick'),
    openChat: input => call('openChat', input),
    openLibrary: () => call('openLibrary'),
    chooseUpdate: input => call('chooseUpdate', input),
    getKey: () => call('getKey'),
    protectKey: input => call('protectKey', input),
    unlockKey: input => call('unlockKey', input),
    giveUpKey: () => call('giveUpKey'),
    takeModels: () => call('takeModels'),
    stopTakingModels: () => call('stopTakingModels'),
    listen(listener) {
      hear = listener
      const waiting = early
      early = []
      for (const message of waiting) listener(message)
    },
  }
}
