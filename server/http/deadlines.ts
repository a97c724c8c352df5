/** How long a request may take: until it has come, and until it begins to be answered. */
import type { RequestHandler, Response } from 'express'
import { AppError } from '../../shared/errors.ts'
import { problemOf, sendProblem } from './problems.ts'
import { refuse } from './refuse.ts'

/** Their bytes take as long as they take, in either direction; that none comes at all is looked at apart. */
const files = /^\/api\/v1\/(?:models(?:\/[^/]+\/verify)?|projects\/[^/]+\/documents)\/?$|\/original\/?$|^\/mcp(?:\/|$)/
/** Fired at a response that was given up: whoever works at it stops. */
const gaveUp = 'gave-up'
/** Milliseconds in which a body that is no file has come; and in which nothing comes of a file until it is given up. */
const bodyTime = 60_000
const idleTime = 120_000
/** Milliseconds in which what still comes of an answered request is read. */
const lingering = 3000

/**
 * After `time` milliseconds without the first byte of an answer, the client is told so and the work is broken off. Streams have begun by
 * then; files are excepted.
 */
export function limitTime(time: number): RequestHandler {
  return (req, res, next) => {
    if (req.method === 'POST' && files.test(req.originalUrl.split('?', 1)[0] ?? '')) return next()
    const timer = setTimeout(() => {
      if (res.headersSent || res.destroyed) return
      const error = new AppError('request-timeout', { seconds: Math.round(time / 1000) })
      res.setHeader('Connection', 'close')
      refuse(req, res, error)
      giveUp(res)
    }, time)
    timer.unref()
    res.once('close', () => clearTimeout(timer))
    next()
  }
}

/** Whoever works at the answer stops. */
export const giveUp = (res: Response): void => void res.emit(gaveUp)

const leavings = new WeakMap<Response, AbortSignal>()

/** Fires when the answer is of no use any more: the connection is gone before it was complete, or it was given up. One for each answer. */
export function leaving(res: Response): AbortSignal {
  const known = leavings.get(res)
  if (known) return known
  const control = new AbortController()
  const leave = () => control.abort(new AppError('cancelled'))
  if (res.closed || res.destroyed) {
    if (!res.writableFinished) leave()
  } else res.once('close', () => void (res.writableFinished || leave()))
  res.once(gaveUp, leave)
  leavings.set(res, control.signal)
  return control.signal
}

/** A body that is no file comes in a minute, whatever its sender does in between. */
export function limitBodyTime(time = bodyTime): RequestHandler {
  return (req, res, next) => {
    if (req.complete || req.readableEnded) return next()
    const timer = setTimeout(() => {
      if (req.complete || res.headersSent || res.destroyed) return
      res.setHeader('Connection', 'close')
      res.once('finish', () => req.destroy())
      sendProblem(res, problemOf(new AppError('request-slow'), res.locals.caller))
    }, time)
    timer.unref()
    const end = () => clearTimeout(timer)
    req.once('end', end)
    res.once('close', end)
    next()
  }
}

/**
 * Whoever was answered before all of the request had come gets some seconds to read why, and then the connection ends: what they go on
 * sending, a byte now and then, would keep it for ever.
 */
export function endUnread(time = lingering): RequestHandler {
  return (req, res, next) => {
    res.once('finish', () => {
      if (req.complete || req.destroyed) return
      req.resume()
      const timer = setTimeout(() => req.socket.destroy(), time)
      timer.unref()
      const end = () => clearTimeout(timer)
      req.once('end', end)
      req.socket.once('close', end)
    })
    next()
  }
}

/** A file may come slowly, but it comes: a connection on which nothing does is ended, and what was there of the file with it. */
export function limitSilence(time = idleTime): RequestHandler {
  return (req, _res, next) => {
    const { socket } = req
    socket.setTimeout(time)
    // What is done with the file may take its time.
    req.once('end', () => socket.setTimeout(0))
    next()
  }
}
