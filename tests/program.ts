import path from 'node:path'
import { inject } from 'vitest'

declare module 'vitest' {
  export interface ProvidedContext {
    /** `server/main.ts` and all it starts, as it was built for this run (`build-program.ts`). */
    program: string
  }
}

/**
 * What Node is given to run Cloister, before the arguments of Cloister; to be started in the root of the repository. The command as users
 * start it, from the sources, is what `run-cli.ts` runs with `npm`, and what `browser/journey`, `browser/screen`, `http/no-network` and
 * `http/memory` serve.
 * A stack of it names lines of what was built, which stays where it is and is no smaller than it was written (`--enable-source-maps`
 * would name those of the sources, and takes 0.06 s of the processor with each start).
 */
export const program: readonly string[] = ['--import', './scripts/check-node.mjs', inject('program')]

/** The same, as users start it. */
export const fromSources: readonly string[] = ['--import', './scripts/check-node.mjs', 'server/main.ts']

/** Where it lies, with what the desktop starts of it: 0.5 s of the processor with each start of its server, of the sources 1.2. */
export const builtProgram = path.dirname(inject('program'))
