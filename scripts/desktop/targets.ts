/** Machines that an installer is made for. */
export interface Machine {
  os: 'linux' | 'darwin' | 'win32'
  cpu: 'x64' | 'arm64'
}

/** The installers of macOS run on both of its processors. For Windows on ARM there is no build of sqlite-vec. */
export const targets = {
  'linux-x64': [{ os: 'linux', cpu: 'x64' }],
  'linux-arm64': [{ os: 'linux', cpu: 'arm64' }],
  'win32-x64': [{ os: 'win32', cpu: 'x64' }],
  'darwin-x64': [{ os: 'darwin', cpu: 'x64' }],
  'darwin-arm64': [{ os: 'darwin', cpu: 'arm64' }],
  'darwin-universal': [
    { os: 'darwin', cpu: 'x64' },
    { os: 'darwin', cpu: 'arm64' },
  ],
} as const satisfies Record<string, readonly Machine[]>

export type Target = keyof typeof targets

export function isTarget(name: string): name is Target {
  return Object.hasOwn(targets, name)
}

/** What is built here when nothing is said. */
export function targetHere(): Target {
  return process.platform === 'darwin' ? 'darwin-universal' : machineHere()
}

/** What runs here, and needs no packages of other processors. */
export function machineHere(): Target {
  const name = `${process.platform}-${process.arch}`
  if (!isTarget(name)) throw new Error(`nothing is made for ${name}; known are: ${Object.keys(targets).join(', ')}`)
  return name
}
