// Runs before anything else, also on a Node that cannot read the rest of the program: plain old JavaScript only.
import { fileURLToPath } from 'node:url'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 22)) {
  const german = /^de/i.test(process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '')
  process.stderr.write(
    german
      ? `Cloister braucht Node 22.22 oder neuer; dies ist Node ${process.versions.node}.\nMit „npm ci“ wird eine passende Version in das Projekt gelegt; „npm run …“ verwendet sie dann von selbst.\n`
      : `Cloister needs Node 22.22 or newer; this is Node ${process.versions.node}.\n"npm ci" puts a fitting version into the project, and "npm run …" then uses it by itself.\n`,
  )
  process.exit(1)
}

// Before the first file of ours is read: stripping its types brings in a compiler that then stays, 15 MB of an idle server.
// Inside the installation, as a cache in the shared temporary folder could be somebody else's code.
process
  .getBuiltinModule('node:module')
  .enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/cloister', import.meta.url)))
