import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Bytes a process holds in memory now; 0 where the system does not tell, or it is gone. */
export function residentOf(pid: number): number {
  try {
    const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return found ? Number(found[1]) * 1024 : 0
  } catch {
    return pid === process.pid ? process.memoryUsage.rss() : 0
  }
}

/** This process after everything that can be freed is: the lowest of some looks. Needs `--expose-gc` to be exact. */
export async function settledMemory(): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY
  for (let look = 0; look < 6; look++) {
    globalThis.gc?.()
    await sleep(250)
    lowest = Math.min(lowest, process.memoryUsage.rss())
  }
  return lowest
}

/** Looks every 100 ms at this process and the others; `stop` gives the most they held together, in bytes. */
export function watchMemory(others: () => readonly number[]): { stop(): { all: number; host: number } } {
  const most = { all: 0, host: 0 }
  const look = () => {
    const host = process.memoryUsage.rss()
    most.host = Math.max(most.host, host)
    most.all = Math.max(
      most.all,
      others().reduce((sum, pid) => sum + residentOf(pid), host),
    )
  }
  const timer = setInterval(look, 100)
  return {
    stop() {
      clearInterval(timer)
      look()
      return most
    },
  }
}
export const megabytes = (bytes: number) => Math.round(bytes / 1024 ** 2)
