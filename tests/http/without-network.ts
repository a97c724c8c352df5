/**
 * Runs programs where there is no network: in a namespace of their own, whose only interface leads back to it, and is down unless they
 * need it. What they try all the same is seen from outside of them, in every process and thread that they start: by the system's counters, and, where
 * `strace` is installed, by the calls themselves.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { root } from '../run-cli.ts'

const namespace = ['--map-root-user', '--net']
export const possible = spawnSync('unshare', [...namespace, 'true']).status === 0
export const why = possible ? '' : ' (skipped: this machine lets nobody make a network namespace)'
// Other systems have none.
if (!possible && process.env.CI === 'true' && process.platform === 'linux')
  throw new Error('CI cannot make a network namespace')

const traced = ['-f', '-qq', '--seccomp-bpf', '-e', 'trace=connect,sendto,sendmsg,sendmmsg', '-e', 'signal=none']
export const canTrace = spawnSync('strace', [...traced, '-o', '/dev/null', 'true']).status === 0
export const withoutTrace = canTrace ? '' : ' (calls are not traced: there is no strace here)'

export interface Isolated {
  child: ChildProcess
  finished: Promise<{ code: number | null; stdout: string; stderr: string }>
  /** What tried to reach another machine; after the end. */
  attempts(): Promise<string[]>
}

/** `args`: of Node. What is watched goes into files that begin with `watch`. `loopback`: they may speak to each other over it. */
export function startWithoutNetwork(
  args: readonly string[],
  watch: string,
  env: NodeJS.ProcessEnv,
  { loopback = false }: { loopback?: boolean } = {},
): Isolated {
  const [trace, counters, hook] = ['trace', 'counters', 'hook'].map(name => `${watch}.${name}`) as [
    string,
    string,
    string,
  ]
  // The counters are the namespace's: whoever asks must be in there, after everybody else.
  const begin = loopback ? 'ip link set lo up || exit 70; ' : ''
  const script = `${begin}"$@"; code=$?; cat /proc/net/snmp /proc/net/snmp6 > '${counters}'; exit $code`
  const node = [process.execPath, '--import', './tests/http/watch-network.mjs', ...args]
  const program = canTrace ? ['strace', ...traced, '-o', trace, ...node] : node
  const child = spawn('unshare', [...namespace, 'sh', '-c', script, 'sh', ...program], {
    cwd: root,
    env: { ...env, PATH: process.env.PATH, NETWORK_WATCH: hook },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const finished = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
  })
  return {
    child,
    finished,
    async attempts() {
      await finished
      const noted = (await readFile(hook, 'utf8')).trim().split('\n')
      if (!noted.includes('watching')) throw new Error('nobody watched')
      const calls = canTrace ? callsOf(await readFile(trace, 'utf8')) : []
      return [
        ...noted.filter(line => line !== 'watching' && !(loopback && isWithin(line))),
        ...countersOf(await readFile(counters, 'utf8'), loopback ? noRoute : telling),
        ...calls.filter(line => !(loopback && isWithin(line))),
      ]
    },
  }
}

/** Packets that left or had nowhere to go, and connections that were begun. */
const telling = /^(?:Ip|Ip6)(?:OutRequests|OutNoRoutes)$|^Tcp(?:ActiveOpens|OutSegs)$|^Udp6?(?:OutDatagrams)$/
/** Where loopback counts too, and where Chromium looks for IPv6. */
const noRoute = /^IpOutNoRoutes$/

function countersOf(text: string, telling: RegExp): string[] {
  const found: string[] = []
  const lines = text.split('\n')
  for (const [at, line] of lines.entries()) {
    const [protocol, values] = /^(\w+): (-?\d.*)$/.exec(line)?.slice(1) ?? []
    const names = lines[at - 1]?.split(' ').slice(1) ?? []
    if (protocol && values) {
      for (const [index, value] of values.split(' ').entries()) found.push(`${protocol}${names[index]} ${value}`)
    } else found.push(line.trim().replace(/\s+/g, ' '))
  }
  return found.filter(line => {
    const [name = '', value] = line.split(' ')
    return telling.test(name) && Number(value) > 0
  })
}

/**
 * Calls with an address that is none of a socket of this machine or of the kernel, and questions to who looks up names for all: he is
 * outside.
 */
function callsOf(text: string): string[] {
  return text
    .split('\n')
    .filter(line => /sa_family=AF_(?!UNIX\b|NETLINK\b|UNSPEC\b)|sun_path="[^"]*(?:systemd.resolve|avahi)/.test(line))
}

const loopbacks = /inet_addr\("127\.[\d.]+"\)|AF_INET6, "::1"|"host":"127\.0\.0\.1"|^lookup 127\.0\.0\.1$/
/** There may be somebody who asks others. */
const nameServer = /htons\(53\)|"port":53\b/
/**
 * Before it speaks to any address, also of this machine, Chromium looks whether IPv6 leads anywhere: it connects a socket of datagrams to this
 * one, by which nothing is sent.
 */
const looksForIPv6 = / connect\(\d+, \{sa_family=AF_INET6, sin6_port=htons\(443\),.* "2001:4860:4860::8888"/

const isWithin = (line: string): boolean => (loopbacks.test(line) && !nameServer.test(line)) || looksForIPv6.test(line)
