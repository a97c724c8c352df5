/** The thread as it is, in which calls of the system hang for every folder beside which there is a file `FOLDER.hangs`. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const nothing = new Int32Array(new SharedArrayBuffer(4))
const { existsSync } = fs

function hang(place: unknown): void {
  for (let at = String(place); at.lastIndexOf('/') > 0; at = at.slice(0, at.lastIndexOf('/')))
    while (existsSync(`${at}.hangs`)) Atomics.wait(nothing, 0, 0, 20)
}

for (const name of ['lstatSync', 'statSync', 'readdirSync', 'opendirSync', 'openSync', 'statfsSync'] as const)
  Object.assign(fs, {
    [name]: new Proxy(fs[name], {
      apply: (call, self, [place, ...more]) => {
        hang(place)
        return Reflect.apply(call, self, [place, ...more])
      },
    }),
  })
syncBuiltinESMExports()
await import('./thread.ts')
