/** Whether a model fits a machine, how much it can keep in mind there, and how fast it writes. Pure. */
import type { ModelRole } from '../model/index.ts'
import { memoryOf, type Network } from './memory-need.ts'

export interface Machine {
  /** Bytes it has, or the container may use. */
  memory: number
  /** Bytes models may take now. */
  free: number
  cores: number
  /** Threads of all models together. */
  threads: number
  /** Bytes that one thread reads in a second, where that was measured. */
  readSpeed?: number
}

export interface Fit {
  /** `tight`: little memory is left beside it, or it keeps less in mind than wished. */
  fits: 'well' | 'tight' | 'no'
  /** Bytes, with this context; where it does not fit, with the smallest one. */
  need: number
  free: number
  /** Tokens: what is wished, or the most that fits. */
  contextSize: number
  /** Texts that are read at once. */
  contexts: number
  threads: number
  /** Of an answer; an estimate. Left out for a model that writes none, and where the machine was not measured. */
  tokensPerSecond?: number
}

/**
 * Texts are chunks and questions: 512 tokens hold either, and a context's buffers grow with its size. A pair of question and
 * passage takes both.
 */
export const textContext = 512
export const pairContext = 1024
/** Tokens. Passages, question and answer take some 3,000; with less than this an answer has hardly any to rest on. */
export const leastContext = 2048
/** Of what is free; what the rest of the machine asks for meanwhile comes out of what is left. */
const comfortable = 0.7
/**
 * Of the speed at which one thread compares memory, what a thread of llama.cpp reads of the weights, and the threads after which
 * the memory of usual machines gives no more. Measured: 11 GB/s, of which one thread makes 6 and two make 10, with matrices of
 * Q8_0 and of Q4_K alike.
 */
const readShare = 0.5
const readers = 4

export interface Subject {
  role: ModelRole
  network: Network
  /** Tokens it was made for. */
  contextSize: number
}

/**
 * A model that answers gets the largest context that fits, of what is wished and the powers of two below; one that makes vectors
 * as many contexts as leave room for others, one for each thread at most.
 */
export function fitTo(
  { role, network, contextSize: made }: Subject,
  machine: Machine,
  wished: number,
  { least = leastContext }: { least?: number } = {},
): Fit {
  const { free, threads, readSpeed } = machine
  const most = Math.min(wished, made)
  const choices =
    role === 'chat'
      ? contextSizes(most, least).map(contextSize => ({ contextSize, contexts: 1 }))
      : Array.from({ length: threads }, (_, done) => ({ contextSize: most, contexts: threads - done }))
  const needs = choices.map(choice => ({ ...choice, need: memoryOf(network, { role, ...choice }).needed }))
  const limit = role === 'chat' ? free : comfortable * free
  const { need, contextSize, contexts } = needs.find(choice => choice.need <= limit) ?? needs.at(-1)!
  const well = contextSize === most && need <= comfortable * free
  return {
    fits: need > free ? 'no' : well ? 'well' : 'tight',
    need,
    free,
    contextSize,
    contexts,
    threads,
    ...(role === 'chat' &&
      readSpeed !== undefined && {
        tokensPerSecond: (readSpeed * readShare * Math.min(threads, readers)) / network.weights,
      }),
  }
}

/** From the wished one down, by powers of two, to the least. */
function contextSizes(most: number, least: number): number[] {
  const sizes = [most]
  for (let size = 2 ** Math.floor(Math.log2(Math.max(1, most - 1))); size >= least; size /= 2) sizes.push(size)
  return sizes
}
