/** Switches in Electron's program itself, which nobody can turn who can only start it: what they are to be, and what a file has. */

/** The one place of what is wished. Names as Electron has them; a new one of theirs stays as it comes. */
export const wishedFuses = {
  /** `ELECTRON_RUN_AS_NODE`, with which any script would run in our name and with what the system lets us do. */
  RunAsNode: false,
  EnableCookieEncryption: true,
  EnableNodeOptionsEnvironmentVariable: false,
  /** `--inspect`: whoever attaches reads everything. */
  EnableNodeCliInspectArguments: false,
  EnableEmbeddedAsarIntegrityValidation: true,
  OnlyLoadAppFromAsar: true,
  LoadBrowserProcessSpecificV8Snapshot: false,
  /** The page comes from `app://`. */
  GrantFileProtocolExtraPrivileges: false,
} as const

export type Fuse = keyof typeof wishedFuses

/** Their order in the wire. */
const order: readonly Fuse[] = [
  'RunAsNode',
  'EnableCookieEncryption',
  'EnableNodeOptionsEnvironmentVariable',
  'EnableNodeCliInspectArguments',
  'EnableEmbeddedAsarIntegrityValidation',
  'OnlyLoadAppFromAsar',
  'LoadBrowserProcessSpecificV8Snapshot',
  'GrantFileProtocolExtraPrivileges',
]
const sentinel = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX')
const version = 1
const states: Readonly<Record<number, boolean>> = { 48: false, 49: true }

/** What differs from the wish, a line for each; nothing when all is well. One program for two processors has two wires. */
export function findFuseFaults(program: Buffer): string[] {
  const wires = [...wiresIn(program)]
  if (wires.length === 0) return ['there are no fuses in it']
  return wires.flatMap(wire => {
    if (wire[0] !== version) return [`its fuses are of version ${wire[0]}, which nobody here knows`]
    const states = wire.subarray(2, 2 + (wire[1] ?? 0))
    return order.flatMap((fuse, at) => faultOf(fuse, states[at]))
  })
}

function faultOf(fuse: Fuse, state: number | undefined): string[] {
  if (state === undefined) return [`${fuse} is not in it`]
  const is = states[state]
  if (is === wishedFuses[fuse]) return []
  return [`${fuse} is ${is === undefined ? `0x${state.toString(16)}` : is ? 'on' : 'off'}`]
}

/** From each sentinel on: version, length, states. */
function* wiresIn(program: Buffer): Generator<Buffer> {
  for (let at = program.indexOf(sentinel); at >= 0; at = program.indexOf(sentinel, at + 1))
    yield program.subarray(at + sentinel.length, at + sentinel.length + 2 + 255)
}
