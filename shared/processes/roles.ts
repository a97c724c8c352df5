/** What the processes of each role may take: the same, however they are started. */
import { constants } from 'node:os'
import type { ProcessRole } from '../ports.ts'

type Role = Exclude<ProcessRole, 'server'>
/** Megabytes for V8: what a file makes Node itself keep must not fill the memory. A model's weights lie outside of it; parsers watch themselves. */
export const heap: Partial<Record<Role, number>> = { model: 512 }

/**
 * Whoever waits for an answer goes first. Not by more than that: with 10 on Linux, beside 20 other busy processes on two
 * cores, hardly a page was read in 14 s, and a page has 60. Windows knows nothing between normal and 10.
 */
const belowNormal = process.platform === 'win32' ? constants.priority.PRIORITY_BELOW_NORMAL : 5
export const priority: Partial<Record<Role, number>> = { parser: belowNormal, recognizer: belowNormal }
