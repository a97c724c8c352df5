/** All that stands between the page and the main process. Wiring only: what may be asked, and by whom, main decides. */
import { contextBridge, ipcRenderer } from 'electron'
import { callChannel, messageChannel } from './bridge/channels.ts'
import { createPageBridge } from './bridge/page.ts'

contextBridge.exposeInMainWorld(
  'cloister',
  createPageBridge({
    invoke: call => ipcRenderer.invoke(callChannel, call),
    receive: hear => ipcRenderer.on(messageChannel, (_event, message: unknown) => hear(message)),
  }),
)
