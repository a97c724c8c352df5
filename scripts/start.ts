/** `npm start`: builds the screen where that is still to be done, then serves. */
import { buildScreen } from './build-screen.ts'

const status = await buildScreen()
if (status !== 0) process.exit(status)
process.argv.splice(2, 0, 'serve')
await import('../server/main.ts')
